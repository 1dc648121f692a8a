"""The patches of the tutorials fit the code, also after a change to it. The
integration suite builds what they make."""
import tutorials


def test_the_patches_apply(tmp_path):
    clone = tutorials.clone_with_both(tmp_path)
    assert "about_show" in (clone / "customer/routes.c").read_text()
