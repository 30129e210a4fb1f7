"""One table of penalties drives every property."""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
import torch

from mmwing.models.losses import penalties

INF = math.inf


class Case(NamedTuple):
    penalty: Callable[[torch.Tensor], torch.Tensor]
    knots: tuple[float, ...]
    reference: Callable[[np.ndarray], np.ndarray]  # of |x|, in float64


def wing_reference(x, w, e, r=0.0):
    constant = w - w * np.log(1 + (w - r) / e)
    return np.piecewise(x, [x < r, (x >= r) & (x < w), x >= w], [
        0, lambda v: w * np.log(1 + (v - r) / e), lambda v: v - constant])


def soft_wing_reference(x, w1, w2, e):
    constant = w1 - w2 * np.log(1 + w1 / e)
    return np.piecewise(x, [x < w1, x >= w1], [
        lambda v: v, lambda v: w2 * np.log(1 + v / e) + constant])


def barron_reference(x, alpha, c):
    z = (x / c)**2
    if alpha == 2:
        return z / 2
    if alpha == 0:
        return np.log(z / 2 + 1)
    if alpha == -INF:
        return 1 - np.exp(-z / 2)
    b = abs(alpha - 2)
    return b / alpha * ((z / b + 1)**(alpha / 2) - 1)


def adaptive_wing_reference(x, y, alpha=2.1, omega=14, epsilon=1, theta=0.5):
    a = (omega * (1 / (1 + (theta / epsilon)**(alpha - y))) * (alpha - y) *
         (theta / epsilon)**(alpha - y - 1) * (1 / epsilon))
    c = theta * a - omega * np.log(1 + (theta / epsilon)**(alpha - y))
    return np.piecewise(x, [x < theta, x >= theta], [
        lambda v: omega * np.log(1 + (v / epsilon)**(alpha - y)),
        lambda v: a * v - c])


def case(name, knots, reference, **parameters):
    return Case(partial(getattr(penalties, name), **parameters), knots, reference)


def adaptive_case(y, epsilon=1.0, theta=0.5):
    def penalty(x):
        return penalties.adaptive_wing(x, torch.full_like(x, y), 2.1, 14.0, epsilon,
                                       theta)
    return Case(penalty, (theta, ),
                partial(adaptive_wing_reference, y=y, epsilon=epsilon, theta=theta))


CASES = {
    'l2': case('l2', (), lambda x: x**2 / 2),
    'l1': case('l1', (), lambda x: x),
    **{f'smooth_l1 {b}': case(
        'smooth_l1', (b, ), beta=b, reference=lambda x, b=b: np.where(
            x < b, x**2 / (2 * b), x - b / 2)) for b in (1.0, 0.1, 4.0)},
    **{f'wing {w} {e}': case(
        'wing', (w, ), partial(wing_reference, w=w, e=e), omega=w, epsilon=e)
       for w, e in ((10.0, 2.0), (40.0, 8.0), (0.04, 0.01), (5.0, 0.05))},
    **{f'rectified_wing {r} {w} {e}': case(
        'rectified_wing', (r, w), partial(wing_reference, w=w, e=e, r=r),
        r=r, omega=w, epsilon=e)
       for r, w, e in ((0.5, 10.0, 2.0), (2.0, 10.0, 2.0), (3.0, 5.0, 0.5))},
    **{f'soft_wing {w1} {w2} {e}': case(
        'soft_wing', (w1, ), partial(soft_wing_reference, w1=w1, w2=w2, e=e),
        omega1=w1, omega2=w2, epsilon=e)
       for w1, w2, e in ((2.0, 20.0, 0.5), (0.1, 1.0, 2.0))},
    **{f'general_robust {a} {c}': case(
        'general_robust', (), partial(barron_reference, alpha=a, c=c), alpha=a, c=c)
       for a in (2, 1, 0, -2, -INF, 1.5, 0.3, -0.7, -10) for c in (1.0, 0.2)},
    **{f'adaptive_wing {y}': adaptive_case(y) for y in (0.0, 0.4, 1.0)},
    'adaptive_wing narrow': adaptive_case(0.7, 0.5, 0.2),
}

table = pytest.mark.parametrize('case', CASES.values(), ids=CASES.keys())


def grid(case: Case) -> torch.Tensor:
    """Points on both sides of every knot, and far beyond; 0 among them."""
    scale = case.knots[-1] if case.knots else 1.0
    points = np.concatenate([np.linspace(0, 4 * scale, 401), [50 * scale]])
    return torch.from_numpy(points)


def gradient(penalty, x: torch.Tensor) -> torch.Tensor:
    x = x.clone().requires_grad_()
    result, = torch.autograd.grad(penalty(x).sum(), x)
    return result


@table
def test_agrees_with_an_independent_reference(case):
    x = grid(case)
    for signed in (x, -x):
        torch.testing.assert_close(
            case.penalty(signed), torch.from_numpy(case.reference(x.numpy())),
            rtol=1e-9, atol=1e-12)


@table
def test_zero_at_zero(case):
    zero = torch.zeros(1, dtype=torch.float64)
    assert case.penalty(zero).item() == 0
    assert gradient(case.penalty, zero).item() == 0


@table
def test_even_and_never_decreasing(case):
    x = grid(case)
    value = case.penalty(x)
    assert torch.equal(value, case.penalty(-x))
    assert (value.diff() >= 0).all()
    slope = gradient(case.penalty, x)
    assert (slope >= 0).all()
    assert torch.equal(slope, -gradient(case.penalty, -x))


@table
def test_no_jump_at_a_knot(case):
    for knot in case.knots:
        around = torch.tensor([np.nextafter(knot, 0), knot, np.nextafter(knot, INF)],
                              dtype=torch.float64)
        value = case.penalty(around)
        scale = case.penalty(2 * around).max().item()
        assert value.max() - value.min() <= 1e-13 * scale


@table
def test_gradient_at_a_knot_is_the_outer_branch(case):
    for knot in case.knots:
        at, outside = gradient(case.penalty, torch.tensor(
            [knot, np.nextafter(knot, INF)], dtype=torch.float64))
        torch.testing.assert_close(at, outside)


@table
def test_gradient_is_the_derivative_inside_each_branch(case):
    edges = (0.0, *case.knots, 3 * case.knots[-1] if case.knots else 3.0)
    middles = [low + share * (high - low)
               for low, high in zip(edges, edges[1:], strict=False)
               for share in (0.1, 0.5, 0.9)]
    x = torch.tensor([*middles, *(-m for m in middles)], dtype=torch.float64,
                     requires_grad=True)
    step = 1e-3 * min(b - a for a, b in zip(edges, edges[1:], strict=False))
    assert torch.autograd.gradcheck(case.penalty, x, eps=1e-3 * step)
    assert torch.autograd.gradgradcheck(case.penalty, x, eps=1e-3 * step)


@table
def test_the_gradient_is_the_same_where_it_has_one_itself(case):
    x = grid(case).requires_grad_()
    with_graph, = torch.autograd.grad(case.penalty(x).sum(), x, create_graph=True)
    torch.testing.assert_close(with_graph.detach(), gradient(case.penalty, x.detach()))


@table
@pytest.mark.parametrize('dtype, size', [
    (torch.float64, 1e30), (torch.float32, 1e15), (torch.float32, 1e36),
    (torch.float16, 100.0), (torch.float16, 3e4), (torch.bfloat16, 1e15)], ids=str)
def test_finite_wherever_the_true_value_fits(case, dtype, size):
    x = torch.tensor([0, 1e-3, 0.3, *case.knots, 1, size, -size], dtype=dtype)
    exact = case.reference(x.double().abs().numpy())
    fits = exact < torch.finfo(dtype).max
    assert fits[:-2].all()
    value = case.penalty(x)
    assert value.dtype == dtype
    assert value[fits].isfinite().all()
    assert gradient(case.penalty, x)[fits].isfinite().all()
    roomy = 0.03 if dtype in (torch.float16, torch.bfloat16) else 1e-4
    torch.testing.assert_close(value[fits].double(), torch.from_numpy(exact)[fits],
                               rtol=roomy, atol=roomy)


@table
def test_shapes_and_nan_pass_through(case):
    assert case.penalty(torch.zeros(0, 3)).shape == (0, 3)
    assert case.penalty(torch.ones(2, 3, 4, 5)).shape == (2, 3, 4, 5)
    assert case.penalty(torch.tensor([math.nan])).isnan().all()


def test_a_square_that_fits_float16_does_not_overflow_on_the_way():
    x = torch.tensor([300.0], dtype=torch.float16)
    assert penalties.l2(x).item() == pytest.approx(45000, rel=1e-3)


@pytest.mark.parametrize('alpha', [
    2 - 1e-3, 2 - 1e-7, 2 - 1e-12, 2 + 1e-9, 1e-3, -1e-7, 1e-12, -1e-15, -1e4, -1e12])
@pytest.mark.parametrize('dtype, rtol', [(torch.float64, 1e-10),
                                         (torch.float32, 1e-5)], ids=str)
def test_general_robust_is_exact_beside_its_special_cases(alpha, dtype, rtol):
    mpmath = pytest.importorskip('mpmath')
    sizes = [1e-4, 0.1, 1.0, 7.0, 300.0]
    with mpmath.workdps(60):
        b = mpmath.mpf(abs(mpmath.mpf(alpha) - 2))

        def exact(x):
            return b / alpha * ((mpmath.mpf(x)**2 / b + 1)**(mpmath.mpf(alpha) / 2) - 1)

        values = [float(exact(x)) for x in sizes]
        slopes = [float(mpmath.diff(exact, x)) for x in sizes]
    x = torch.tensor(sizes, dtype=dtype)
    penalty = partial(penalties.general_robust, alpha=alpha, c=1.0)
    torch.testing.assert_close(penalty(x), torch.tensor(values, dtype=dtype),
                               rtol=rtol, atol=0)
    torch.testing.assert_close(gradient(penalty, x), torch.tensor(slopes, dtype=dtype),
                               rtol=rtol, atol=2 * torch.finfo(dtype).eps)


def test_wing_scales_with_its_unit():
    x = torch.linspace(-60, 60, 241, dtype=torch.float64)
    torch.testing.assert_close(
        penalties.wing(4 * x, 40.0, 8.0), 4 * penalties.wing(x, 10.0, 2.0))


def test_rectified_wing_with_no_dead_zone_is_wing():
    x = torch.linspace(-15, 15, 301)
    torch.testing.assert_close(penalties.rectified_wing(x, 0.0, 10.0, 2.0),
                               penalties.wing(x, 10.0, 2.0))


def test_adaptive_wing_is_smooth_at_theta():
    around = torch.tensor([0.5 - 1e-9, 0.5 + 1e-9], dtype=torch.float64)
    for y in (0.0, 0.3, 1.0):
        inside, outside = gradient(
            lambda x, y=y: penalties.adaptive_wing(
                x, torch.full_like(x, y), 2.1, 14.0, 1.0, 0.5), around)
        assert inside.item() == pytest.approx(outside.item(), rel=1e-6)


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_the_gradient_of_general_robust_is_finite_to_the_largest_number(dtype):
    residual = torch.tensor([torch.finfo(dtype).max], dtype=dtype,
                            requires_grad=True)
    penalties.general_robust(residual, 0.5, 1.0).sum().backward()
    assert residual.grad.isfinite().all()


def test_adaptive_wing_takes_heat_maps_for_what_lies_in_0_to_1():
    residual = torch.linspace(-0.9, 0.9, 7)
    constants = dict(alpha=2.1, omega=14., epsilon=1., theta=0.5)
    for target, clamped in ((1.5, 1.), (-0.5, 0.)):
        torch.testing.assert_close(
            penalties.adaptive_wing(residual, torch.tensor(target), **constants),
            penalties.adaptive_wing(residual, torch.tensor(clamped), **constants))


def test_adaptive_wing_sends_no_gradient_into_the_target():
    residual = torch.tensor([0.2], requires_grad=True)
    target = torch.tensor([0.7], requires_grad=True)
    penalties.adaptive_wing(residual, target, 2.1, 14., 1., 0.5).sum().backward()
    assert residual.grad.abs() > 0 and target.grad is None


def test_adaptive_wing_of_many_entries_is_that_of_each():
    """Beyond a block of 65,536 entries a CPU goes block by block."""
    generator = torch.Generator().manual_seed(0)
    residual, target = (torch.rand(3, 151, 300, generator=generator) for _ in range(2))
    residual = (2 * residual - 1).transpose(1, 2)  # not contiguous, more than a block
    target = target.transpose(1, 2)
    constants = (2.1, 14., 1., 0.5)
    leaf = residual.clone().requires_grad_()
    value = penalties.adaptive_wing(leaf, target, *constants)
    slope, = torch.autograd.grad(value.sum(), leaf)
    for i in range(3):
        row = residual[i, 7].clone().requires_grad_()
        expected = penalties.adaptive_wing(row, target[i, 7], *constants)
        torch.testing.assert_close(value[i, 7], expected)
        torch.testing.assert_close(slope[i, 7],
                                   torch.autograd.grad(expected.sum(), row)[0])


def test_adaptive_wing_takes_one_target_for_many_residuals():
    residual = torch.linspace(-0.9, 0.9, 70_000, requires_grad=True)
    constants = (2.1, 14., 1., 0.5)
    value = penalties.adaptive_wing(residual, torch.tensor(0.7), *constants)
    expected = penalties.adaptive_wing(residual, torch.full((70_000, ), 0.7),
                                       *constants)
    assert torch.equal(value, expected)
    assert torch.equal(*(torch.autograd.grad(each.sum(), residual)[0]
                         for each in (value, expected)))


@pytest.mark.parametrize('in_dims', [(0, None), (None, 0), (0, 1), (2, 0)])
def test_adaptive_wing_maps_over_residuals_or_targets(in_dims):
    shapes = [(2, 3) if dim is None else (2, 3)[:dim] + (4, ) + (2, 3)[dim:]
              for dim in in_dims]
    residual, target = (torch.linspace(0, 0.9, int(np.prod(shape))).reshape(shape)
                        for shape in shapes)

    def penalty(x, y):
        return penalties.adaptive_wing(x, y, 2.1, 14., 1., 0.5)

    mapped = torch.func.vmap(penalty, in_dims)(residual, target)
    for i, each in enumerate(mapped):
        torch.testing.assert_close(each, penalty(*(
            x if dim is None else x.select(dim, i)
            for x, dim in zip((residual, target), in_dims, strict=True))))
