"""What a style transfer starts from: the relit content, and the first canvas."""

import torch
from small_pictures import waves

from stages.stylize.objective import StyleImage
from stages.stylize.resampling import enlarged, resized
from stages.stylize.starts import STARTS, STYLE_PATCHES, relit

CONTENT = 0.5 * waves(48, 64, (1.0, 1.0, 1.0), 9.0)
STYLE = waves(40, 40, (1.0, 0.2, -0.8), 60.0)


def test_an_enlarged_canvas_has_the_contents_detail_under_its_changes():
    content = waves(96, 128, (1.0, 0.5, -0.5), 3.0)  # finer than the half size shows
    bare = resized(content, (48, 64))
    assert torch.allclose(enlarged(bare, content, (96, 128)), content, atol=1e-6)
    change = torch.zeros(1, 3, 48, 64)
    change[..., 32:] = -1.5
    found = enlarged((bare + change).clamp(-1, 1), content, (96, 128))
    assert torch.allclose(found[..., :56], content[..., :56], atol=1e-3)
    assert found[..., 72:].mean() < content[..., 72:].mean() - 0.3
    assert found.abs().max() <= 1


def test_relit_content_has_the_styles_light_where_the_paper_is_blank():
    paper, light = torch.ones(1, 3, 60, 80), torch.linspace(0.8, -0.8, 6).view(1, 1, 6, 1).expand(1, 3, 6, 2)
    found = relit(paper, light)
    assert torch.allclose(found, torch.linspace(0.8, -0.8, 60).view(1, 1, 60, 1).expand_as(found), atol=0.2)
    drawn = paper.clone()
    drawn[..., 30, 20:60] = -1.0
    assert (relit(drawn, light)[..., 30, 20:60] == -1).all()


def test_a_darker_content_is_relit_as_bright():
    light = torch.full((1, 3, *STYLE_PATCHES), 0.2)
    gray, white = (relit(torch.full((1, 3, 40, 40), level), light) for level in (-0.4, 1.0))
    assert torch.allclose(gray, white, atol=1e-4) and torch.allclose(white, torch.full_like(white, 0.2), atol=1e-4)


def test_starts_are_the_content_the_styles_and_noise():
    styles = [StyleImage(STYLE, 0.25, None), StyleImage(-STYLE, 0.75, None)]
    assert torch.equal(STARTS["content"](CONTENT, styles, 0), CONTENT)
    assert torch.allclose(STARTS["style"](CONTENT, styles, 0), -0.5 * resized(STYLE, (48, 64)), atol=1e-5)
    noise = STARTS["noise"](CONTENT, styles, 0)
    assert noise.shape == CONTENT.shape and 0.04 < noise.std() < 0.06 and noise.mean().abs() < 0.01
    assert not torch.equal(noise, STARTS["noise"](CONTENT, styles, 1))
