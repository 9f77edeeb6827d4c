"""The store this package writes: how it is cut, and how many workers write it at once, in whole shards."""
