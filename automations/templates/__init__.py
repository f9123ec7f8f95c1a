"""Texts with values in them: what they may say, the sandbox in which they are filled in, and what that costs."""
