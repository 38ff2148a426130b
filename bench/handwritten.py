"""What a good programmer writes by hand for one purpose: Starlette, asyncpg, orjson, one statement for each request.

It reads what the product reads, and that is all it does: keys are a dictionary, nothing is walled, validated, limited,
measured or logged. It writes an audit row only where its name says so.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.ids import first_id_at, new_id

SCHOOL = UUID(os.environ.get("BENCH_SCHOOL", "0" * 32))
KEYS = frozenset(os.environ.get("BENCH_KEYS", "").split(","))
PARTNER = UUID(int=0)

CHECK = """
SELECT zone_id, student_id, first_name, reason
FROM decide_access($1, $2, $3, $4, $5, 'infinity', $6, $7, ARRAY[$8::text], ARRAY[$9::text])
"""
AUDITED_CHECK = f"""
WITH decided AS MATERIALIZED ({CHECK}), audited AS (
    INSERT INTO audit_entry (school_id, request_id, operation, partner_id, key_id, channel, subjects)
    SELECT $1, $10, 'check', $11, 'bench', 'rest', ARRAY[student_id] FROM decided WHERE student_id IS NOT NULL
)
SELECT * FROM decided
"""
STUDENT = """
SELECT s.id, s.matricule, s.first_name, s.last_name, s.status, s.updated_at, p.code AS programme_code,
    p.label AS programme_label, c.code AS class_code, c.label AS class_label, y.code AS school_year, e.starts_on,
    e.ends_on
FROM student s
LEFT JOIN enrolment e ON e.school_id = s.school_id AND e.student_id = s.id AND $3 BETWEEN e.starts_on AND e.ends_on
LEFT JOIN programme p ON p.school_id = s.school_id AND p.id = e.programme_id
LEFT JOIN school_class c ON c.school_id = s.school_id AND c.id = e.class_id
LEFT JOIN school_year y ON y.school_id = s.school_id AND y.id = e.school_year_id
"""
ONE_STUDENT = STUDENT + "WHERE s.school_id = $1 AND s.matricule_key = $2"
STUDENTS = f"""
WITH page AS (SELECT * FROM student WHERE school_id = $1 ORDER BY updated_at, id LIMIT $2)
{STUDENT.replace("FROM student s", "FROM page s")} ORDER BY s.updated_at, s.id
"""


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _known(request: Request) -> bool:
    return request.headers.get("x-api-key") in KEYS


def _student(row: asyncpg.Record) -> dict[str, Any]:
    programme = {"code": row["programme_code"], "label": row["programme_label"]}
    return {
        "matricule": row["matricule"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "enrolled": row["status"] == "active" and row["programme_code"] is not None,
        "status": row["status"],
        "programme": programme,
        "class": {"code": row["class_code"], "label": row["class_label"]},
        "updatedAt": row["updated_at"],
    }


def _check(statement: str, *extra: Any) -> Any:
    async def handle(request: Request) -> Response:
        if not _known(request):
            return _json({"error": "unauthorised"}, 401)
        badge, zone = request.query_params["nfc"].strip().upper(), request.query_params["zone"].strip().upper()
        now = datetime.now(UTC)
        until = now + timedelta(days=1)
        where = (SCHOOL, now, now.date(), now.isoweekday(), now.time(), first_id_at(now - 2 * _DAY), first_id_at(until))
        async with request.app.state.pool.acquire() as connection:
            row = await connection.fetchrow(statement, *where, badge, zone, *(make() for make in extra))
        if row["zone_id"] is None:
            return _json({"error": "unknown zone"}, 404)
        if row["reason"] is not None:
            return _json({"decision": "denied", "reason": row["reason"], "zone": zone}, 403)
        return _json({"decision": "granted", "zone": zone, "firstName": row["first_name"]})

    return handle


_DAY = timedelta(days=1)


async def _one_student(request: Request) -> Response:
    if not _known(request):
        return _json({"error": "unauthorised"}, 401)
    matricule = request.path_params["matricule"].upper()
    async with request.app.state.pool.acquire() as connection:
        rows = await connection.fetch(ONE_STUDENT, SCHOOL, matricule, datetime.now(UTC).date())
    return _json(_student(rows[0])) if rows else _json({"error": "not found"}, 404)


async def _students(request: Request) -> Response:
    if not _known(request):
        return _json({"error": "unauthorised"}, 401)
    asked = orjson.loads(await request.body())
    async with request.app.state.pool.acquire() as connection:
        rows = await connection.fetch(STUDENTS, SCHOOL, asked["variables"]["first"], datetime.now(UTC).date())
    return _json({"data": {"students": {"nodes": [_student(row) for row in rows]}}})


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


def make() -> Starlette:
    routes = [
        Route("/check", _check(CHECK)),
        Route("/audited-check", _check(AUDITED_CHECK, new_id, lambda: PARTNER)),
        Route("/students/{matricule:path}", _one_student),
        Route("/list", _students, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=_lifespan)
