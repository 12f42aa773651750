"""Exercises of lesson 05, Theano graphs: a logistic neuron, momentum, a hunt for float64.

Every submission gets symbols and shared variables and describes a computation, which is compiled
and run several times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from course_utils.judging.exercise import Case, Exercise
from course_utils.judging.graphs import finished, symbol, symbolic
from course_utils.judging.outcomes import Unusable, type_name

import theano  # isort: skip  (after checks.graphs, which mends it)
import theano.tensor as T  # isort: skip
from theano.compile.sharedvalue import SharedVariable  # isort: skip
from theano.graph.basic import Apply, Variable, io_toposort  # isort: skip

Updates = Sequence[tuple[SharedVariable, Variable]]

_CALLS = 4  # of a compiled function: enough for a velocity to tell


def _checked_updates(returned: Any) -> Updates:
    """Return updates as pairs of a shared variable and its symbolic new value.

    Raises
    ------
    Unusable
        With a sentence that lacks its subject.
    """
    wanted = "wanted updates: a list of pairs (shared variable, new value)"
    if returned is None:
        raise Unusable(f"returned None, {wanted}. Did you forget `return`?")
    pairs = list(returned.items()) if isinstance(returned, Mapping) else returned
    if not isinstance(pairs, list | tuple):
        raise Unusable(f"returned a `{type_name(returned)}`, {wanted}.")
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise Unusable(f"returned a list of other things, {wanted}.")
    for shared, new in pairs:
        if not isinstance(shared, SharedVariable):
            raise Unusable(
                f"returned a pair that begins with a `{type_name(shared)}`, {wanted}. "
                "Only a shared variable keeps a value between calls."
            )
        if isinstance(new, np.ndarray | np.generic | int | float):
            raise Unusable(
                f"returned a number as the new value of `{shared.name or 'a shared variable'}`. "
                "It would be the same at every call; describe the new value by symbols."
            )
        if not isinstance(new, Variable):
            raise Unusable(f"returned a `{type_name(new)}` as a new value, {wanted}.")
        if new.ndim != shared.ndim:
            raise Unusable(
                f"returned a new value with {new.ndim} axes for a shared variable with "
                f"{shared.ndim}. Each parameter and each velocity keeps its own shape."
            )
    return pairs


# Exercise 5.1: a logistic neuron


def logistic_step(
    X: Variable, y: Variable, w: SharedVariable, b: SharedVariable, learning_rate: float
) -> tuple[Variable, Updates]:
    """Return the mean cross-entropy and the updates of one step of gradient descent."""
    return _descend(_cross_entropy(X, y, w, b).mean(), w, b, learning_rate)


def _cross_entropy(X: Variable, y: Variable, w: Variable, b: Variable) -> Variable:
    z = T.dot(X, w) + b
    return T.nnet.softplus(z) - y * z


def _probability(X: Variable, w: Variable, b: Variable) -> Variable:
    return T.nnet.sigmoid(T.dot(X, w) + b)


def _descend(
    cost: Variable,
    w: SharedVariable,
    b: SharedVariable,
    learning_rate: float,
    objective: Variable | None = None,
) -> tuple[Variable, Updates]:
    """The cost, and updates downhill on it or on another objective."""
    gradients = T.grad(cost if objective is None else objective, [w, b])
    return cost, [(p, p - learning_rate * g) for p, g in zip((w, b), gradients, strict=True)]


def _neuron_cases() -> list[Case]:
    rng = np.random.default_rng(501)
    cases = []
    for label, n_samples, n_features, learning_rate in (
        ("5 samples of 2 features, learning rate 0.5", 5, 2, 0.5),
        ("a single sample, learning rate 1", 1, 3, 1.0),
        ("8 samples of 1 feature, learning rate 0.1", 8, 1, 0.1),
    ):
        X = rng.normal(size=(n_samples, n_features))
        y = (rng.uniform(size=n_samples) < 0.5).astype(float)
        w, b = rng.normal(size=n_features), rng.normal()
        cases.append(Case(label, (X, y, w, np.array(b), learning_rate)))
    return cases


def train_neuron(function: Callable, args: tuple) -> tuple[np.ndarray, ...]:
    """Compile the step and call it several times on the same samples."""
    X_value, y_value, w_start, b_start, learning_rate = args
    X, y = symbol("float64", 2), symbol("float64", 1)
    X.name, y.name = "X", "y"
    w, b = theano.shared(w_start.copy(), "w"), theano.shared(b_start.copy(), "b")
    cost, updates = _cost_and_updates(finished(function(X, y, w, b, learning_rate)))
    step = theano.function([X, y], cost, updates=updates, on_unused_input="ignore")
    costs = np.array([step(X_value, y_value) for _ in range(_CALLS)])
    return costs, w.get_value(), b.get_value()


def _cost_and_updates(returned: Any) -> tuple[Variable, Updates]:
    wanted = "wanted two things: the symbolic cost and the list of updates"
    if returned is None:
        raise Unusable(f"returned None, {wanted}. Did you forget `return`?")
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise Unusable(f"did not return a pair, {wanted}.")
    cost, updates = returned
    if isinstance(cost, np.ndarray | np.generic | int | float):
        raise Unusable(
            "returned a number as the cost. While the graph is built nothing is computed; return "
            "the symbol."
        )
    if isinstance(cost, Variable) and cost.ndim:
        raise Unusable(
            f"returned a cost with {cost.ndim} axes, wanted a single number: "
            "the mean over the samples."
        )
    return symbolic(cost), _checked_updates(updates)


def _with_updates(change: Callable) -> Callable:
    """A neuron with the right cost whose new value is ``change(p, gradient, learning_rate)``."""

    def mistaken(
        X: Variable, y: Variable, w: SharedVariable, b: SharedVariable, learning_rate: float
    ) -> tuple[Variable, Updates]:
        cost = _cross_entropy(X, y, w, b).mean()
        gradients = T.grad(cost, [w, b])
        pairs = zip((w, b), gradients, strict=True)
        return cost, [(p, change(p, gradient, learning_rate)) for p, gradient in pairs]

    return mistaken


def _with_cost(cost: Callable) -> Callable:
    """A neuron that descends on ``cost(y, p)`` with the probability p."""
    return lambda X, y, w, b, learning_rate: _descend(
        cost(y, _probability(X, w, b)), w, b, learning_rate
    )


def _with_objective(objective: Callable) -> Callable:
    """A neuron with the right cost that descends on ``objective(y, p)``."""
    return lambda X, y, w, b, learning_rate: _descend(
        _cross_entropy(X, y, w, b).mean(),
        w,
        b,
        learning_rate,
        objective(y, _probability(X, w, b)),
    )


NEURON = Exercise(
    "5.1",
    "A logistic neuron",
    logistic_step,
    _neuron_cases,
    {
        "forgotten updates": lambda *args: (logistic_step(*args)[0], []),
        "bias not updated": lambda *args: (logistic_step(*args)[0], logistic_step(*args)[1][:1]),
        "weights not updated": lambda *args: (logistic_step(*args)[0], logistic_step(*args)[1][1:]),
        "values at build time": _with_updates(
            lambda p, gradient, rate: p.get_value() - rate * gradient
        ),
        "sign of the gradient": _with_updates(lambda p, gradient, rate: p + rate * gradient),
        "step in place of the new value": [
            _with_updates(lambda p, gradient, rate: -rate * gradient),
            _with_updates(lambda p, gradient, rate: rate * gradient),
        ],
        "gradient in place of the new value": _with_updates(lambda p, gradient, rate: gradient),
        "learning rate not used": _with_updates(lambda p, gradient, rate: p - gradient),
        "sum in place of the mean": lambda X, y, w, b, learning_rate: _descend(
            _cross_entropy(X, y, w, b).sum(), w, b, learning_rate
        ),
        "gradient of the wrong quantity": [
            _with_objective(lambda y, p: T.sqr(p - y).mean()),
            _with_objective(lambda y, p: p.mean()),
            lambda X, y, w, b, learning_rate: _descend(
                _cross_entropy(X, y, w, b).mean(),
                w,
                b,
                learning_rate,
                _cross_entropy(X, y, w, b).sum(),
            ),
        ],
        "squared error": _with_cost(lambda y, p: T.sqr(p - y).mean()),
        "one of two terms": _with_cost(lambda y, p: -(y * T.log(p)).mean()),
        "sign of the cost": _with_cost(lambda y, p: (y * T.log(p) + (1 - y) * T.log(1 - p)).mean()),
        "bias left out": lambda X, y, w, b, learning_rate: _descend(
            _cross_entropy(X, y, w, 0 * b).mean(), w, b, learning_rate
        ),
    },
    ("cost at each call (calls,)", "w afterwards (D,)", "b afterwards"),
    call=train_neuron,
)


# Exercise 5.2: momentum


def momentum_updates(
    cost: Variable,
    parameters: Sequence[SharedVariable],
    learning_rate: float,
    momentum: float,
) -> Updates:
    """Return the updates of gradient descent with momentum, velocities included."""
    return _momentum(cost, parameters, learning_rate, momentum)


def _new_velocity(v: Variable, g: Variable, learning_rate: float, momentum: float) -> Variable:
    return momentum * v - learning_rate * g


def _momentum(
    cost: Variable,
    parameters: Sequence[SharedVariable],
    learning_rate: float,
    momentum: float,
    new_velocity: Callable = _new_velocity,
    new_value: Callable = lambda p, v, v_new, g: p + v_new,
    start: Callable = np.zeros_like,
) -> Updates:
    updates = []
    for p, g in zip(parameters, T.grad(cost, list(parameters)), strict=True):
        v = theano.shared(start(p.get_value()))
        v_new = new_velocity(v, g, learning_rate, momentum)
        updates += [(v, v_new), (p, new_value(p, v, v_new, g))]
    return updates


def _mistaken_momentum(**changes: Callable) -> Callable:
    return lambda cost, parameters, learning_rate, momentum: _momentum(
        cost, parameters, learning_rate, momentum, **changes
    )


def _momentum_cases() -> list[Case]:
    rng = np.random.default_rng(502)
    return [
        Case(label, (rng.normal(size=3).astype(dtype), rng.normal(size=()), rate, momentum))
        for label, dtype, rate, momentum in (
            ("learning rate 0.1, momentum 0.9", "float64", 0.1, 0.9),
            ("learning rate 0.3, momentum 0.5", "float64", 0.3, 0.5),
            ("momentum 0, plain gradient descent", "float64", 0.2, 0.0),
            ("float32 parameters, momentum 0.9", "float32", 0.1, 0.9),
        )
    ]


def descend_with_momentum(function: Callable, args: tuple) -> tuple[np.ndarray, ...]:
    """Compile the updates for two parameters of a bowl and call them several times."""
    w_start, b_start, learning_rate, momentum = args
    dtype = w_start.dtype
    w = theano.shared(w_start.copy(), "w")
    b = theano.shared(np.asarray(b_start, dtype=dtype), "b")
    steepness = T.constant(np.array([1.0, 3.0, 0.5], dtype=dtype))
    cost = (steepness * T.sqr(w - 1)).sum() + T.sqr(b - w[0])
    path: list[tuple[np.ndarray, np.ndarray]] = []
    # With its own floatX, for otherwise each 0.1 in a submission would be float64 to Theano.
    with theano.config.change_flags(floatX=dtype.name):
        updates = _checked_updates(finished(function(cost, [w, b], learning_rate, momentum)))
        changed = [
            f"{new.dtype} for a shared {shared.dtype}"
            for shared, new in updates
            if new.dtype != shared.dtype
        ]
        cast = [(shared, T.cast(new, shared.dtype)) for shared, new in updates]
        step = theano.function([], [], updates=cast)
        for _ in range(_CALLS):
            step()
            path.append((w.get_value(), b.get_value()))
    kept = np.array(changed[0] if changed else "as the shared variables")
    return np.array([w for w, _ in path]), np.array([b for _, b in path]), kept


MOMENTUM = Exercise(
    "5.2",
    "Momentum",
    momentum_updates,
    _momentum_cases,
    {
        "updates run in order": _mistaken_momentum(new_value=lambda p, v, v_new, g: p + v),
        "velocity not stored": lambda cost, parameters, learning_rate, momentum: [
            (p, p - learning_rate * g)
            for p, g in zip(parameters, T.grad(cost, list(parameters)), strict=True)
        ],
        "running mean of the gradient": _mistaken_momentum(
            new_velocity=lambda v, g, rate, momentum: momentum * v - (1 - momentum) * rate * g
        ),
        "velocity in float64": _mistaken_momentum(start=lambda value: np.zeros(value.shape)),
        "sign of the gradient": _mistaken_momentum(
            new_velocity=lambda v, g, rate, momentum: momentum * v + rate * g,
        ),
        "learning rate used twice": lambda cost, parameters, learning_rate, momentum: _momentum(
            cost,
            parameters,
            learning_rate,
            momentum,
            new_value=lambda p, v, v_new, g: p + learning_rate * v_new,
        ),
        "learning rate not used": _mistaken_momentum(
            new_velocity=lambda v, g, rate, momentum: momentum * v - g
        ),
        "learning rate and momentum exchanged": _mistaken_momentum(
            new_velocity=lambda v, g, rate, momentum: rate * v - momentum * g
        ),
        "step in place of the new value": _mistaken_momentum(
            new_value=lambda p, v, v_new, g: v_new
        ),
        "momentum on the parameter": lambda cost, parameters, learning_rate, momentum: [
            (p, momentum * p - learning_rate * g)
            for p, g in zip(parameters, T.grad(cost, list(parameters)), strict=True)
        ],
        "Nesterov's momentum": lambda cost, parameters, learning_rate, momentum: _momentum(
            cost,
            parameters,
            learning_rate,
            momentum,
            new_value=lambda p, v, v_new, g: p + momentum * v_new - learning_rate * g,
        ),
    },
    ("w after each call (calls, 3)", "b after each call (calls,)", "dtype of the new values"),
    rtol=1e-5,
    call=descend_with_momentum,
)


# Exercise 5.3: hunt the dtype error

DECAY = np.float32(0.01)


def cost_in_float32(X: Variable, y: Variable, w: SharedVariable, b: SharedVariable) -> Variable:
    """Return mean cross-entropy plus 0.01 times the sum of squared weights, in float32."""
    return _cost(X, T.cast(y, "float32"), w, b)


def _mean(losses: Variable, X: Variable) -> Variable:
    return losses.mean()


def _by_count(losses: Variable, X: Variable) -> Variable:
    return losses.sum() / X.shape[0]


def _cost(
    X: Variable,
    y: Variable,
    w: Variable,
    b: Variable,
    mean: Callable = _mean,
    decay: Any = DECAY,
) -> Variable:
    return mean(_cross_entropy(X, y, w, b), X) + decay * T.sqr(w).sum()


def broken_cost(X: Variable, y: Variable, w: SharedVariable, b: SharedVariable) -> Variable:
    """Return the same cost with the three mistakes of the lesson."""
    return _cost(X, y, w, b, _by_count, 0.01)


def _dtype_cases() -> list[Case]:
    rng = np.random.default_rng(503)
    return [
        Case(
            label,
            (
                rng.normal(size=(n_samples, n_features)).astype("float32"),
                rng.integers(0, 2, size=n_samples).astype("int32"),
                rng.normal(size=n_features).astype("float32"),
                np.array(rng.normal(), dtype="float32"),
            ),
        )
        for label, n_samples, n_features in (
            ("6 samples of 3 features", 6, 3),
            ("a single sample", 1, 2),
            ("10 samples of 1 feature", 10, 1),
        )
    ]


def cost_and_dtypes(function: Callable, args: tuple) -> tuple[np.ndarray, ...]:
    """Return the cost, its gradient, what first makes float64 of other dtypes, and its dtype."""
    X_value, y_value, w_start, b_start = args
    X, y = symbol("float32", 2), symbol("int32", 1)
    X.name, y.name = "X", "y"
    w, b = theano.shared(w_start.copy(), "w"), theano.shared(b_start.copy(), "b")
    cost = symbolic(finished(function(X, y, w, b)))
    if cost.ndim:
        raise Unusable(f"returned a cost with {cost.ndim} axes, wanted a single number.")
    gradient = T.grad(cost, w)
    values = theano.function([X, y], [cost, gradient], on_unused_input="ignore")
    cost_value, gradient_value = values(X_value, y_value)
    made_by = sorted({_spoken(node) for node in upcasts(cost)})
    return cost_value, gradient_value, np.array("; ".join(made_by) or "none"), np.array(cost.dtype)


def upcasts(result: Variable) -> list[Apply]:
    """First operations on each path that make float64 out of another dtype.

    The lesson has the same function.
    """
    after, first = set(), []
    for node in io_toposort([], [result]):
        inherits = any(taken.owner in after for taken in node.inputs)
        mixes = any(getattr(taken, "dtype", "float64") != "float64" for taken in node.inputs)
        makes = mixes and getattr(node.outputs[0], "dtype", None) == "float64"
        if makes and not inherits:
            first.append(node)
        if makes or inherits:
            after.add(node)
    return first


def _spoken(node: Apply) -> str:
    """``mul of float32 and int32`` for a node; the order of the inputs does not matter."""
    scalar_op = getattr(node.op, "scalar_op", node.op)
    name = str(getattr(scalar_op, "name", None) or type(scalar_op).__name__).lower()
    dtypes = sorted({str(getattr(taken, "dtype", "other")) for taken in node.inputs})
    return f"{name} of {' and '.join(dtypes)}"


def _one_mistake(
    labels: str = "float32", mean: Callable = _mean, decay: Any = DECAY, end: str = ""
) -> Callable:
    def mistaken(X: Variable, y: Variable, w: Variable, b: Variable) -> Variable:
        cost = _cost(X, T.cast(y, labels), w, b, mean, decay)
        return T.cast(cost, end) if end else cost

    return mistaken


FLOAT32 = Exercise(
    "5.3",
    "Hunt the dtype error",
    cost_in_float32,
    _dtype_cases,
    {
        "float64 upcast, nothing mended": broken_cost,
        "float64 upcast by the labels": _one_mistake("int32", _by_count),
        "float64 upcast by the count and a number": _one_mistake(mean=_by_count, decay=0.01),
        "float64 upcast by the number of samples": _one_mistake(mean=_by_count),
        "float64 upcast by a decimal number": _one_mistake(decay=0.01),
        "cast at the end": [
            _one_mistake("int32", _by_count, 0.01, end="float32"),
            _one_mistake("int32", _by_count, DECAY, end="float32"),
        ],
        "floatX is float64": _one_mistake("float64"),
        "everything in float64": lambda X, y, w, b: _cost(
            T.cast(X, "float64"), T.cast(y, "float64"), T.cast(w, "float64"), b
        ),
        "sum in place of the mean": lambda X, y, w, b: _cost(
            X, T.cast(y, "float32"), w, b, mean=lambda losses, X: losses.sum()
        ),
        "decay left out": lambda X, y, w, b: _cross_entropy(X, T.cast(y, "float32"), w, b).mean(),
    },
    ("cost", "gradient (D,)", "float64 made by", "dtype of the cost"),
    rtol=1e-4,
    atol=1e-6,
    call=cost_and_dtypes,
)


EXERCISES = [NEURON, MOMENTUM, FLOAT32]
