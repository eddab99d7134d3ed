"""Having agents send us what they do: their settings edited with consent, and edited back without a trace.

`agents.py` lists the agents, each a module that plans what would be written (`change.py`); `json_text.py` edits JSON as
text, so that comments, order and spaces of the user survive; `record.py` keeps what was written, for `--undo`.
"""
