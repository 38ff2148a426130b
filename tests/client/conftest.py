from tests.web.sockets.conftest import core, school, server  # noqa: F401  (fixtures)
