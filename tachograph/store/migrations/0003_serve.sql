-- What the server asks for.
CREATE INDEX _usage_copied ON _usage (session) WHERE copied = 1;
