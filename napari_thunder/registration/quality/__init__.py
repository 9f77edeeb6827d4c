"""Whether a registration is good, by number: definitions of field papers and programs, one family to a file."""

from napari_thunder.registration.quality.settings import Quality
from napari_thunder.registration.quality.stages import STAGES, Stage
from napari_thunder.registration.quality.verdict import Verdict, verdict_of

__all__ = ["STAGES", "Quality", "Stage", "Verdict", "verdict_of"]
