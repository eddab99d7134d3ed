"""What a viewer is told of sessions, as they happen or once more. `messages` is the language of both."""
