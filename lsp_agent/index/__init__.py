"""Floor 2: what is known of the workspace's code beyond one file."""
