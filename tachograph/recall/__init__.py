"""Questions an agent asks of the past: each joins what several parts of the store know into one answer."""
