"""The outside world becomes journal records: terminals, pipes, signals, git. Knows no journal file and no database."""
