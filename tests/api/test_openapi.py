"""The description is valid OpenAPI 3.1, fits what is answered, and a fuzzer led by it finds no 500."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from dougong.api.openapi import ADDRESSES
from tests.api.conftest import Site

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
EACH = 12


def test_the_description_is_valid_and_names_every_address(site: Site) -> None:
    for who in ("li", "wang", "none"):
        document = site.ask(who, "GET", "openapi.json").json
        assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    document = site.ask("li", "GET", "openapi.json").json
    known = {
        path.lstrip("/").replace("desk/party", "{app}/{form}").replace("files/papers", "files/{field}")
        for path in document["paths"]
        if "order" not in path and "vault" not in path
    }
    assert known == set(ADDRESSES)
    rules = {r.rule for r in site.app.url_map.iter_rules() if r.endpoint.startswith("api.") and r.endpoint != "api.nothing"}
    assert {rule.removeprefix("/api/v1/").replace("<", "{").replace(">", "}") for rule in rules} == set(ADDRESSES)


def test_a_fuzzer_finds_no_500_and_no_answer_that_was_not_described(site: Site) -> None:
    site.make("li", "desk.party", {"name": "甲"})
    headers = {"Authorization": f"Bearer {site.tokens['li']}"}
    schema = schemathesis.openapi.from_dict(site.ask("li", "GET", "openapi.json").json)
    schema.app = site.app
    asked: dict[str, int] = {}

    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=st.one_of(operation.as_strategy(), operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)))
        @settings(
            max_examples=EACH,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            asked[case.operation.label] = asked.get(case.operation.label, 0) + 1
            answer = case.call(headers=headers)
            try:
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as wrong:
                raise AssertionError([str(e) for e in wrong.exceptions][:3]) from None

        ask()
    assert len(asked) > 15 and min(asked.values()) >= 1
