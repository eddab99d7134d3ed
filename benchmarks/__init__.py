"""Ratios against named peers and limits, measured in one run: `make bench`. Nothing here is part of the product."""
