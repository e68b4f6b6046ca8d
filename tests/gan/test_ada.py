"""Adaptive augmentation: each transform against its closed form, how often it comes, and gradients."""

import math

import pytest
import torch

from stages.gan.ada import DRAWS, TAIL, TRANSFORMS, ada, color_matrix, normal, resampling, sample_amounts

SIDE = 16
ALWAYS, NEVER = torch.tensor(1.0), torch.tensor(0.0)
COLORS = ("brightness", "contrast", "luma_flip", "hue", "saturation")


def draws(count, **amounts):
    """Numbers for p = 0.5 that choose only the named transforms, with these amounts (one, or one per picture)."""
    assert amounts.keys() <= TRANSFORMS.keys()
    parts = []
    for name, transform in TRANSFORMS.items():
        amount = torch.as_tensor(amounts.get(name, transform.neutral))
        parts += [torch.full((count, 1), 0.25 if name in amounts else 0.75), amount.expand(count, transform.amounts)]
    return torch.cat(parts, dim=1)


def augment(pictures, **amounts):
    return ada(pictures, draws(len(pictures), **amounts), torch.tensor(0.5))


def uniform_of(deviations):
    """The uniform number that becomes so many standard deviations."""
    return torch.special.ndtr(torch.as_tensor(deviations)).tolist()


def random_draws(count, seed=1):
    return torch.rand(count, DRAWS, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def pictures():
    return torch.rand(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_it_takes_24_numbers_for_each_picture():
    assert DRAWS == 24
    assert len(TRANSFORMS) == 11


def test_p_0_changes_no_bit(pictures):
    assert torch.equal(ada(pictures, random_draws(4), NEVER), pictures)
    assert torch.equal(ada(pictures, torch.zeros(4, DRAWS), NEVER), pictures)


def test_p_1_changes_every_picture():
    pictures = torch.rand(200, 3, 8, 8)
    changed = ada(pictures, random_draws(200), ALWAYS)
    assert (changed != pictures).flatten(1).any(dim=1).all()
    assert torch.isfinite(changed).all()


@pytest.mark.parametrize("p", [0.0, 0.2, 0.7, 1.0])
def test_each_transform_comes_with_probability_p_and_by_itself(p):
    count = 20_000
    drawn = sample_amounts(torch.tensor(p), random_draws(count))
    came = torch.stack([(drawn[name] != transform.neutral).any(dim=1) for name, transform in TRANSFORMS.items()])
    four_errors = 4 * math.sqrt(p * (1 - p) / count)
    assert ((came.float().mean(dim=1) - p).abs() <= four_errors).all()
    if 0 < p < 1:
        assert torch.corrcoef(came.float()).fill_diagonal_(0).abs().max() < 4 / math.sqrt(count)


def test_what_comes_keeps_its_numbers():
    uniform = random_draws(100)
    amounts = torch.cat(list(sample_amounts(ALWAYS, uniform).values()), dim=1)
    assert torch.equal(amounts, uniform[:, [1, 3, 5, 6, 8, 10, 12, 13, 15, 17, 19, 21, 23]])


def test_normal_numbers_are_normal_and_finite():
    numbers = normal((torch.arange(100_000) + 0.5) / 100_000)
    assert numbers.mean().abs() < 1e-4
    assert abs(numbers.std() - 1) < 1e-3
    assert normal(torch.tensor(0.5)) == 0
    torch.testing.assert_close(
        normal(torch.tensor([0.0, TAIL, 1.0])),
        torch.special.ndtri(torch.tensor([TAIL, TAIL, 1 - TAIL])),
        rtol=1e-2,
        atol=0,
    )


def test_a_flip_mirrors_left_and_right_and_twice_is_none(pictures):
    flipped = augment(pictures, x_flip=0.5)
    assert torch.equal(flipped, pictures.flip(3))
    assert torch.equal(augment(flipped, x_flip=0.99), pictures)
    assert torch.equal(augment(pictures, x_flip=0.49), pictures)


@pytest.mark.parametrize("flip", [0.0, 0.9])
def test_rotations_by_quarters_are_rot90_then_a_flip(pictures, flip):
    turned = augment(pictures, rotation=[[0.1], [0.3], [0.6], [0.9]], x_flip=flip)
    expected = torch.stack([torch.rot90(picture, quarters, (1, 2)) for quarters, picture in enumerate(pictures)])
    assert torch.equal(turned, expected.flip(3) if flip else expected)


def test_flips_and_rotations_reach_the_eight_symmetries_equally_often():
    amounts = torch.cartesian_prod((torch.arange(40) + 0.5) / 40, (torch.arange(40) + 0.5) / 40)
    corner = torch.zeros(1600, 3, 8, 8)
    corner[:, :, 0, 1] = 1
    places = augment(corner, x_flip=amounts[:, :1], rotation=amounts[:, 1:])[:, 0].flatten(1).argmax(dim=1)
    assert sorted(places.bincount().tolist())[-8:] == [200] * 8
    assert places.bincount().sum() == 1600


def reflected_shift(pictures, down, right):
    """The same by indices: position modulo the period 2 (R - 1), folded."""
    place = torch.arange(SIDE)

    def source(by):
        folded = (place - by) % (2 * SIDE - 2)
        return torch.minimum(folded, 2 * SIDE - 2 - folded)

    return pictures[:, :, source(down)][:, :, :, source(right)]


def test_an_integer_translation_is_by_whole_pixels_with_reflection(pictures):
    # up to an eighth, 2 of 16 pixels: (u - 0.5) * 4, rounded
    moved = augment(pictures, integer_translation=[[0.99, 0.01], [0.5, 0.7], [0.2, 0.5], [0.6, 0.4]])
    for number, (down, right) in enumerate([(2, -2), (0, 1), (-1, 0), (0, 0)]):
        assert torch.equal(moved[number], reflected_shift(pictures[number : number + 1], down, right)[0])
    inside = moved[0, :, 2:, :-2]
    assert torch.equal(inside, pictures[0].roll((2, -2), (1, 2))[:, 2:, :-2])


def test_a_translation_by_a_deviation_is_an_eighth_of_the_side(pictures):
    shifted = augment(pictures, fractional_translation=uniform_of([[1.0, -2.0]]))
    torch.testing.assert_close(shifted, reflected_shift(pictures, 2, -4), atol=1e-5, rtol=0)


def test_a_translation_by_half_a_pixel_averages_neighbors(pictures):
    shifted = augment(pictures, fractional_translation=uniform_of([[0.0, 0.25]]))
    torch.testing.assert_close(shifted[..., 1:], (pictures[..., 1:] + pictures[..., :-1]) / 2, atol=1e-5, rtol=0)


def line(**changes):
    """The matrix [side, side] of one line of 8 pixels, some arguments changed."""
    values = {"mirror": 1.0, "before": 0.0, "scale": 1.0, "after": 0.0} | changes
    return resampling(8, **{name: torch.full((1, 2), value) for name, value in values.items()})[0, 0]


def test_a_line_at_rest_is_the_identity_and_every_weight_adds_up_to_1():
    assert torch.equal(line(), torch.eye(8))
    for changes in ({"scale": 0.3}, {"scale": 3.0}, {"after": 2.7}, {"after": -30.3, "mirror": -1.0, "scale": 0.7}):
        weights = line(**changes)
        assert (weights >= 0).all()
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(8))


def test_twice_as_large_shows_the_middle_half():
    # pixel o shows the position (o - 3.5) / 2 + 3.5 of the ramp 0..7
    torch.testing.assert_close(line(scale=2.0) @ torch.arange(8.0), (torch.arange(8) - 3.5) / 2 + 3.5)


def test_half_as_large_is_antialiased_and_reflected():
    stripes = torch.tensor([1.0, -1.0] * 4)
    smooth = line(scale=0.5) @ stripes  # the finest detail is gone
    torch.testing.assert_close(smooth, torch.zeros(8), atol=1e-6, rtol=0)
    # Pixel 2 comes from 0.5, and sees the pixels -1, 0, 1, 2 (weights 1, 3, 3, 1); -1 is the reflection of 1.
    torch.testing.assert_close(line(scale=0.5)[2], torch.tensor([3.0, 4, 1, 0, 0, 0, 0, 0]) / 8)


def test_order_is_move_scale_move():
    before, scaled, after = line(before=1.0), line(scale=2.0), line(after=1.0)
    torch.testing.assert_close(line(before=1.0, scale=2.0, after=1.0)[1:], (after @ scaled @ before)[1:])
    torch.testing.assert_close(line(mirror=-1.0, before=1.0), before @ torch.eye(8).flip(0))


def test_both_scalings_scale_the_sides_as_lognormals():
    ramp = torch.arange(SIDE, dtype=torch.float32) - (SIDE - 1) / 2
    down, right = ramp[:, None].expand(1, 3, SIDE, SIDE), ramp.expand(1, 3, SIDE, SIDE)
    inside = slice(4, 12)
    for amounts, height, width in (
        ({"isotropic_scaling": 1.0}, 0.2, 0.2),
        ({"anisotropic_scaling": 1.0}, -0.2, 0.2),
        ({"isotropic_scaling": -0.5, "anisotropic_scaling": 1.0}, -0.3, 0.1),
    ):
        numbers = {name: uniform_of(value) for name, value in amounts.items()}
        for picture, scale in ((down, 2**height), (right, 2**width)):
            near = 1e-4 if scale > 1 else 0.1  # antialiasing keeps a ramp only about
            scaled = augment(picture, **numbers)[..., inside, inside]
            expected = (picture / scale)[..., inside, inside]  # a position of the result shows the position / scale
            torch.testing.assert_close(scaled, expected, atol=near, rtol=0)


def matrix(**amounts):
    return color_matrix(sample_amounts(torch.tensor(0.5), draws(1, **amounts)))[0]


def test_no_change_of_color_is_the_identity():
    assert torch.equal(matrix(), torch.eye(3, 4))


def test_brightness_is_added_and_contrast_multiplied(pictures):
    torch.testing.assert_close(augment(pictures, brightness=uniform_of(1.5)), pictures + 0.3)
    torch.testing.assert_close(augment(pictures, contrast=uniform_of(-2.0)), pictures / 2)


def test_a_luma_flip_mirrors_the_grays_and_keeps_the_chroma(pictures):
    flipped = augment(pictures, luma_flip=0.5)
    gray = pictures.mean(dim=1, keepdim=True)
    torch.testing.assert_close(flipped, pictures - 2 * gray)
    torch.testing.assert_close(augment(flipped, luma_flip=0.7), pictures)
    assert torch.equal(augment(pictures, luma_flip=0.3), pictures)


def test_hue_rotated_by_a_third_exchanges_the_channels_and_keeps_grays(pictures):
    torch.testing.assert_close(augment(pictures, hue=0.5 + 1 / 3), pictures.roll(1, dims=1))  # red becomes green
    torch.testing.assert_close(augment(pictures, hue=0.5 - 1 / 3), pictures.roll(-1, dims=1))
    torch.testing.assert_close(matrix(hue=0.8)[:, :3].sum(dim=1), torch.ones(3))
    torch.testing.assert_close(matrix(hue=0.0)[:, :3], torch.full((3, 3), 2 / 3) - torch.eye(3))  # half a turn


def test_saturation_scales_the_chroma(pictures):
    gray = pictures.mean(dim=1, keepdim=True)
    torch.testing.assert_close(augment(pictures, saturation=uniform_of(1.0)), gray + 2 * (pictures - gray))
    torch.testing.assert_close(augment(pictures, saturation=uniform_of(-2.0)), gray + (pictures - gray) / 4)


def test_the_color_matrix_is_the_product_of_the_papers_five():
    drawn = {
        name: torch.rand(1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        for seed, name in enumerate(COLORS)
    }
    drawn["luma_flip"] = torch.full((1, 1), 0.6, dtype=torch.float64)
    b = 0.2 * normal(drawn["brightness"]).item()
    c = 2 ** (0.5 * normal(drawn["contrast"]).item())
    s = 2 ** normal(drawn["saturation"]).item()
    angle = (2 * drawn["hue"].item() - 1) * math.pi
    eye = torch.eye(4, dtype=torch.float64)
    axis = torch.tensor([1, 1, 1, 0], dtype=torch.float64) / math.sqrt(3)
    projector = torch.outer(axis, axis)
    brightness = eye.clone()
    brightness[:3, 3] = b
    contrast = torch.diag(torch.tensor([c, c, c, 1], dtype=torch.float64))
    luma = eye - 2 * projector
    cross = torch.zeros(4, 4, dtype=torch.float64)
    cross[:3, :3] = torch.linalg.cross(eye[:3, :3], axis[:3].expand(3, 3), dim=1).T.neg()  # v -> axis x v
    hue = torch.linalg.matrix_exp(angle * cross)
    saturation = projector + (eye - projector) @ torch.diag(torch.tensor([s, s, s, 1], dtype=torch.float64))
    product = saturation @ hue @ luma @ contrast @ brightness
    torch.testing.assert_close(color_matrix(drawn)[0], product[:3])


def test_the_same_numbers_give_the_same_bits_and_others_another(pictures):
    p, uniform = torch.tensor(0.8), random_draws(4)
    assert torch.equal(ada(pictures, uniform, p), ada(pictures, uniform, p))
    assert not torch.equal(ada(pictures, uniform, p), ada(pictures, uniform.flip(0), p))


def test_each_picture_has_its_own_numbers(pictures):
    uniform = random_draws(4)
    alone = torch.cat([ada(pictures[i : i + 1], uniform[i : i + 1], ALWAYS) for i in range(4)])
    torch.testing.assert_close(ada(pictures, uniform, ALWAYS), alone)


def test_gradients_equal_finite_differences():
    pictures = torch.rand(3, 3, 5, 5, dtype=torch.float64, requires_grad=True)
    uniform = random_draws(3).double()
    assert torch.autograd.gradcheck(lambda x: ada(x, uniform, ALWAYS.double()), (pictures,))


def test_nothing_waits_for_the_device():
    """On the device "meta" there are no values: whoever asks for one fails."""
    with torch.device("meta"):
        assert ada(torch.zeros(4, 3, 8, 8), torch.zeros(4, DRAWS), torch.zeros(())).shape == (4, 3, 8, 8)


@pytest.mark.cuda
def test_cuda_repeats_its_bits_and_does_not_wait(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    uniform, results = random_draws(8).cuda(), []
    torch.use_deterministic_algorithms(True)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(2):
            pictures = torch.linspace(-1, 1, 8 * 3 * 32 * 32, device="cuda").view(8, 3, 32, 32).requires_grad_(True)
            changed = ada(pictures, uniform, torch.ones((), device="cuda"))
            changed.square().sum().backward()
            results.append((changed, pictures.grad))
    finally:
        torch.cuda.set_sync_debug_mode("default")
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(first, second) for first, second in zip(*results, strict=True))
