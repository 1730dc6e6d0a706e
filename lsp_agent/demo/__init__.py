"""The main job on a small real project: the real server, spoken to as an editor speaks to it."""
