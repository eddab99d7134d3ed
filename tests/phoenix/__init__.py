"""What `tachograph up` sends on, looked at through the eyes of a platform that nobody here wrote: Arize Phoenix."""
