"""What a key may be told, topic by topic, from the catalogue."""

from typing import Self

import strawberry
from strawberry.scalars import JSON

from app.core.errors import Language
from app.core.graph.context import Info
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.domains.events.catalogue import CATALOGUE, Described
from app.domains.events.catalogue.shapes import DIALECT
from app.domains.events.visibility import topics_open_to

_of_topic = any_scope([Scope.EVENTS_READ])


@strawberry.type(description="Something that can happen, and what is then told.")
class EventTopic:
    name: str = _of_topic(description="As events carry it.", example="student.created")
    description: str = _of_topic(
        description="What it means, in the language of the request.", example="Un étudiant est entré dans l'école."
    )
    schema_version: int = _of_topic(description="The version of the shape of `data` that is sent now.", example=1)
    data_schema: JSON = _of_topic(
        description="The JSON Schema (2020-12) of `data`. Facts may be added to it at any time.",
        example={"type": "object", "properties": {"matricule": {"type": "string"}}, "required": ["matricule"]},
    )
    example: JSON = _of_topic(description="What `data` can be.", example={"matricule": "2024/INF/0123"})

    @classmethod
    def of(cls, described: Described, language: Language) -> Self:
        return cls(
            name=described.topic,
            description=described.fr if language == "fr" else described.en,
            schema_version=described.version,
            data_schema={"$schema": DIALECT, **described.schema()},  # type: ignore[arg-type]
            example=described.example,  # type: ignore[arg-type]
        )


async def _event_topics(info: Info) -> list[EventTopic]:
    opened = topics_open_to(info.context.actor.scopes)
    return [EventTopic.of(CATALOGUE[topic], info.context.language) for topic in sorted(opened)]


@strawberry.type
class TopicsQuery:
    event_topics: list[EventTopic] = scoped(
        Scope.EVENTS_READ,
        description="The topics whose events this key may read, by name: what each means and tells.",
        resolver=_event_topics,
        size=50,
    )
