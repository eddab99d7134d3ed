"""What one GraphQL query may cost: how deep, how many questions to the store, how many rows. Counted before it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

SOURCE_MOST, TOKENS_MOST = 20_000, 2_000
DEPTH_MOST = 10
FIELDS_MOST = 1_000
QUESTIONS_MOST = 200  # to the store
ROWS_MOST = 20_000
DESCRIBED_MOST = 1_000_000  # answers that tell of the schema itself; the usual tools ask for half of that
TWICE_MOST = 20  # of one name in one place: comparing them all costs as much as their number squared
_CHILDREN = 50  # rows of a list that has no `first`: turns, states, failures of a session
_DESCRIBED = {"types": 150, "fields": 15, "args": 5, "inputFields": 5, "enumValues": 5, "directives": 5}


def repeated(document: DocumentNode) -> None:
    """Raises GraphQLError for a name that is asked for again and again, before anything compares those."""
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            _repeated(definition.selection_set)


def _repeated(selection: SelectionSetNode) -> None:
    fields = [node for node in selection.selections if isinstance(node, FieldNode)]
    names = Counter((node.alias or node.name).value for node in fields)
    _limit("fields of one name in one place", max(names.values(), default=0), TWICE_MOST)
    for node in selection.selections:
        if isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set is not None:
            _repeated(node.selection_set)


class Cost:
    """Of one operation. Raises GraphQLError at the first limit that is passed."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any], first: int) -> None:
        self._schema = schema
        self._variables = variables
        self._first = first
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._defaults: Mapping[str, Any] = {}
        self.fields = self.questions = self.rows = self.described = 0

    def count(self, operation: OperationDefinitionNode) -> None:
        kind = self._schema.query_type if operation.operation is OperationType.QUERY else None
        if kind is None:
            raise GraphQLError("only queries are answered here: nothing can be changed")
        self._defaults = {
            one.variable.name.value: int(one.default_value.value)
            for one in operation.variable_definitions or ()
            if isinstance(one.default_value, IntValueNode)
        }
        self._selection(operation.selection_set, kind, 1, 1)

    def _selection(self, selection: SelectionSetNode, kind: Any, depth: int, times: int) -> None:
        """`times`: how often this is asked for, because of lists around it."""
        facts = False
        for node in selection.selections:
            if isinstance(node, FieldNode):
                known = self._field(node, kind, depth, times, facts)
                facts = facts or known
            elif isinstance(node, InlineFragmentNode):
                self._selection(node.selection_set, kind, depth, times)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in self._fragments:
                self._selection(self._fragments[node.name.value].selection_set, kind, depth, times)

    def _field(self, node: FieldNode, kind: Any, depth: int, times: int, facts: bool) -> bool:
        """Whether the facts of a session are asked for; they are asked once for all fields that show them (`facts`)."""
        name = node.name.value
        self.fields += 1
        _limit("fields", self.fields, FIELDS_MOST)
        if name.startswith("__"):
            if node.selection_set is not None:
                self._description(node.selection_set, times)
            return False
        _limit("levels", depth, DEPTH_MOST)
        field = kind.fields.get(name) if isinstance(kind, GraphQLObjectType) else None
        if field is None:
            return False
        asks = (field.extensions or {}).get("asks")
        inside = times
        if asks and not (asks == "facts" and facts):
            self.questions += times
            _limit("questions", self.questions, QUESTIONS_MOST)
        if asks == "list":
            inside = times * self._asked(node)
        elif asks != "one" and name != "edges" and str(field.type).startswith("["):
            inside = times * _CHILDREN
        if inside > times:
            self.rows += inside
            _limit("rows", self.rows, ROWS_MOST)
        if node.selection_set is not None:
            self._selection(node.selection_set, get_named_type(field.type), depth + 1, inside)
        return asks == "facts"

    def _description(self, selection: SelectionSetNode, times: int) -> None:
        """What the schema says of itself: it asks no store, but it is long."""
        for node in selection.selections:
            self.described += times
            _limit("answers about the schema", self.described, DESCRIBED_MOST)
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in self._fragments:
                    self._description(self._fragments[node.name.value].selection_set, times)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set is not None:
                inside = _DESCRIBED.get(node.name.value, 1) if isinstance(node, FieldNode) else 1
                self._description(node.selection_set, times * inside)

    def _asked(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value: Any = argument.value
                if isinstance(value, IntValueNode):
                    return max(1, int(value.value))
                if isinstance(value, VariableNode):
                    name = value.name.value
                    number = self._variables.get(name, self._defaults.get(name))
                    return max(1, number) if isinstance(number, int) else self._first
        return self._first


def _limit(what: str, count: int, most: int) -> None:
    if count > most:
        raise GraphQLError(f"this query asks for too much: at most {most:,} {what}", extensions={"code": "too_large"})
