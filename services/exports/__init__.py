"""Lists as files: streamed at any size, for spreadsheets and for programs."""
