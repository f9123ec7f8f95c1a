from runtime import registry


def test_ids_are_deterministic_and_tell_what_they_are() -> None:
    assert registry.shard_workflow_id(3) == "kindling-shard-3"
    assert registry.follow_up_workflow_id("hot", "0192") == "hot.0192"
    assert registry.follow_up_workflow_id("hot", "0192", attempt=2) == "hot.0192.2"
    assert registry.cohort_workflow_id("hot", "0194") == "hot.cohort.0194"
    assert registry.is_cohort("hot.cohort.0194")
    assert not registry.is_cohort("hot.0192")
    assert registry.publish_workflow_id("0193") == "publish-0193"


def test_search_attributes_fit_the_embedded_server() -> None:
    names = [attribute.key.name for attribute in registry.SEARCH_ATTRIBUTES]
    assert len(set(names)) == len(names)
    assert all(name.startswith("Kindling") for name in names)
    assert sum(attribute.type == "Keyword" for attribute in registry.SEARCH_ATTRIBUTES) <= 10
    assert sum(attribute.type == "Int" for attribute in registry.SEARCH_ATTRIBUTES) <= 3


def test_patterns_match_the_ids_that_are_made() -> None:
    patterns = {kind.name: kind.id_pattern for kind in registry.WORKFLOW_TYPES}
    assert patterns == {
        "Shard": "kindling-shard-<n>",
        "FollowUp": "<automation>.<enrollment>[.<attempt>], <automation>.cohort.<id>",
        "Publish": "publish-<publication>",
        "Bulk": "bulk-<job>",
    }
