"""Specs: what people decide, as files. Models of their fields, and everything that reads them."""
