// What the page takes from others: everything else is in ../assets/page.js.
export { createElement, useCallback, useEffect, useMemo, useState } from "react";
export { createRoot } from "react-dom/client";
export { GraphiQL } from "graphiql";
export { buildClientSchema, getIntrospectionQuery, parse, validate } from "graphql";
import "graphiql/style.css";
