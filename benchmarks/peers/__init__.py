"""Programs that `make bench` runs beside ours: a contender each, the same work, the same output."""
