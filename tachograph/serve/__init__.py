"""The HTTP door. `app.make_app` is all of it as an ASGI application, `run.serve` listens, `guard` says who may in."""
