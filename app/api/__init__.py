"""The schema as a service: what an operation asks for, who may ask it, what it costs, and how it is run."""
