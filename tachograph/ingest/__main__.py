"""`python -m tachograph.ingest`: the importer as a process of its own. Started by the wrapper, not by people."""

from tachograph.ingest.importer import main

main()
