"""Whether a registration is good: judged by number, beside the raw movie and an interpolation-matched control."""

from napari_thunder.judging.contract import CONTRACT
from napari_thunder.judging.run import judge
from napari_thunder.registration.quality import STAGES, Quality, Verdict, verdict_of
from napari_thunder.registration.quality.outliers import outlier_frames

__all__ = ["CONTRACT", "STAGES", "Quality", "Verdict", "judge", "outlier_frames", "verdict_of"]
