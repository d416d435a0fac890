"""What the schemas of both fakes have in common."""

from __future__ import annotations


def refuse_unknown_keys(node: object) -> None:
    """Refuse keys that a schema does not name, in every object within it; official schemas let anything pass."""
    if isinstance(node, list):
        for item in node:
            refuse_unknown_keys(item)
    elif isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and "additionalProperties" not in node and "type" in node:
            node["additionalProperties"] = False
        for value in node.values():
            refuse_unknown_keys(value)
