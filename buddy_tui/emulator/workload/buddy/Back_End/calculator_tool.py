"""Arithmetic without `eval`: numbers, + - * / and parentheses."""

import ast
import operator
import re

_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_EXPRESSION = re.compile(r"[\d(][\d\s.+*/()-]*")


def calculate(text: str) -> str:
    """Answer the first expression in `text`."""
    found = _EXPRESSION.search(text)
    if not found:
        return "I see nothing to calculate."
    expression = found.group().strip()
    try:
        return f"{expression} = {_value(ast.parse(expression, mode='eval').body):g}"
    except (SyntaxError, TypeError, ValueError, ArithmeticError, RecursionError):
        return f"I cannot calculate {expression}."


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return _OPERATORS[type(sign)](_value(left), _value(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
    raise TypeError("not arithmetic")
