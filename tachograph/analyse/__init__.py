"""Questions asked of recordings. Pure: rows come in as arguments, answers go out as values."""
