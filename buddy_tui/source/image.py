"""source: the image that a build makes of an upload, as far as its files tell. Nothing is run."""

from buddy_tui.errors import UsageProblem
from buddy_tui.source.buildpack import image_of_source
from buddy_tui.source.dockerfile import NAME, image_of_dockerfile
from buddy_tui.source.values import At, Image, Maker, Unknown, Upload


def image_of(upload: Upload) -> Image:
    """Return what a build makes of an upload; what cannot be followed is said in `unknown`, and nothing is raised.

    A file `Dockerfile` in the root is used, by that name alone, as gcloud does: it looks on the disk, so one that is
    not uploaded makes the build fail. Without one, Google's buildpacks are asked.
    """
    if any(one.path == NAME for one in upload.files):
        try:
            return image_of_dockerfile(upload)
        except UsageProblem as problem:
            return Image(Maker.DOCKERFILE, NAME, unknown=(Unknown(str(problem), At(NAME)),))
    if (upload.root / NAME).is_file():
        said = "The Dockerfile is left out of the upload, and gcloud builds with it all the same: the build fails."
        return Image(Maker.DOCKERFILE, NAME, unknown=(Unknown(said, At(NAME)),))
    return image_of_source(upload)
