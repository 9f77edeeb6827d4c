"""Starting and finding Spark clusters."""
