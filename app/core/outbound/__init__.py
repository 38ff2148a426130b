"""Calling servers that others name, without being led to one's own."""

from app.core.outbound.answer import Answer
from app.core.outbound.client import Client, verifying_context
from app.core.outbound.headers import read_headers
from app.core.outbound.policy import Policy
from app.core.outbound.request import render_head, render_post
from app.core.outbound.resolver import NameServers, Resolver
from app.core.outbound.urls import Target, read_url

__all__ = [
    "Answer",
    "Client",
    "NameServers",
    "Policy",
    "Resolver",
    "Target",
    "read_headers",
    "read_url",
    "render_head",
    "render_post",
    "verifying_context",
]
