"""`kindling demo`: the main job on real input, in a folder of its own, through the real API."""
