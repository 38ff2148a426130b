"""`skooly doctor`: what an instance needs, looked at one by one, and what to do about what is missing."""
