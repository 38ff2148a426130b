"""Fields that a slice adds to a type of a slice below it: what a student owes is a field of finance on `Student`.

    @extends(Student)
    class StudentAbsences:
        absences: Connection[Absence] = scoped(Scope.ABSENCES_READ, description="…", resolver=_absences_of)

    def _absences_of(root: Student, info: Info) -> …: return info.context.load(absences_of_students, root.id)

The slice below knows nothing of it, and imports go one way. The fields are there once their module is imported, which
assembling the schema does for every slice.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry
from strawberry.types import get_object_definition

Extra = TypeVar("Extra", bound=type[Any])


def extends(target: type[Any]) -> Callable[[Extra], Extra]:
    """Each field needs a resolver, whose `root` is the `target`. Raises TypeError for a name that is taken."""
    definition = get_object_definition(target, strict=True)

    def extend(extra: Extra) -> Extra:
        added = get_object_definition(strawberry.type(extra, description="Fields of another type."), strict=True).fields
        known = {field.python_name for field in definition.fields}
        for field in added:
            if field.base_resolver is None:
                raise TypeError(f"{extra.__name__}.{field.python_name} needs a resolver")
            if field.python_name in known:
                raise TypeError(f"{target.__name__} already has the field {field.python_name}")
            definition.fields.append(field)
        return extra

    return extend
