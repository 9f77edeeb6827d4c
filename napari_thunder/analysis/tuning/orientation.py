"""Tuning to the orientation of a stimulus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_thunder.analysis.protocol import Context, Map, MapStep, Role
from napari_thunder.analysis.tuning.asked import AngleSettings
from napari_thunder.analysis.tuning.circular import circular_step
from napari_thunder.analysis.tuning.conditions import Stimulus
from napari_thunder.parameters import parameter

_MAPS = (
    Map("response", "mean response to each angle", Role.SIGNED, "a.u.", ("angle",)),
    Map("preferred_orientation", "preferred orientation", Role.ORIENTATION, "deg"),
    Map("selectivity", "orientation selectivity", Role.FRACTION),
    Map("osi", "orientation index, preferred against orthogonal", Role.FRACTION),
    Map("circular_variance", "circular variance of the tuning curve", Role.FRACTION),
    Map("f_statistic", "F of the tuning", Role.VALUE),
    Map("p", "p of the tuning", Role.PROBABILITY),
    Map("r_squared", "share of variance explained by the tuning model", Role.FRACTION),
)


@dataclass(frozen=True, slots=True)
class OrientationTuning(AngleSettings):
    """Which orientation of a stimulus each voxel prefers, how selectively, and whether it is tuned at all.

    An orientation is the same again after 180°. The stimuli may be orientations (static bars or gratings in 0 to 180°)
    or directions (drifting ones in 0 to 360°), whose two ways along one axis count as one orientation.
    Response per angle θ, R(θ): as in DirectionTuning. With R₊ = max(R, 0), rectified after averaging, and w the arcs
    that unevenly spaced angles stand for (1 for even ones):
    Preferred orientation: half the angle of Σ w R₊ exp(2iθ).
    Selectivity: |Σ w R₊ exp(2iθ)| / Σ w R₊, the global orientation selectivity index gOSI.
    Circular variance: 1 − gOSI.
    OSI: (R₊(peak) − R₊(orthogonal)) / (R₊(peak) + R₊(orthogonal)), the peak being the angle of the largest R and
    orthogonal the mean of R₊ at peak ± 90°.
    Test: least squares over all kept frames on a constant, the stimulus s(t) whatever its angle, and s cos 2θ,
    s sin 2θ, s cos 4θ, s sin 4θ; where opposite directions are shown, beside s cos θ and s sin θ. F compares the model
    with and without the q harmonics of orientation: F = (ΔRSS / q) / (RSS / dof).

    Parameters
    ----------
    column
        Column of the events with the angle; events without one (blanks) are left out.
    unit
        Of that column: `degrees` or `radians`.
    delay, duration
        Response window in s from the start of each event, for responses and test; without a duration, as long as
        each event.
    baseline
        In s before the start of each event; 0 for none (then F or ΔF/F above 0 must mean a response).
    kernel
        Calcium indicator whose answer s(t) is convolved with, for the test only.

    Returns
    -------
    response : (angle, z, y, x)
        R(θ), in units of the movie (after preprocessing); `angle` in degrees, rising in [0, 360).
    preferred_orientation : (z, y, x)
        In degrees [0, 180), of the axis that `column` gives: for drifting gratings whose column is the direction of
        motion, the bars themselves are at right angles to it. NaN where no angle gives a response above 0.
    selectivity, circular_variance : (z, y, x)
        gOSI, 0 (all orientations alike) to 1 (only one), and 1 − gOSI.
    osi : (z, y, x)
        0 (the orthogonal is answered as well) to 1 (not at all). NaN where no orthogonal angle was shown.
    f_statistic, p : (z, y, x)
        Of the harmonics of orientation together, with q and dof degrees of freedom.
    p_fdr : (z, y, x)
        p adjusted for all voxels by Benjamini & Hochberg.
    r_squared : (z, y, x)
        1 − RSS / TSS of the whole model over all kept frames.
    n_trials : (angle,)
        Events used. Attributes `dof_model` (q), `dof` and `warnings`.
    peak : (z, y, x)
        Number, from 1, of the angle with the largest response, of voxels with p_fdr < 0.05.
    tuning_curve, tuning_curve_sem : (angle, peak_at)
        As in DirectionTuning.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    TableError
        If the column is missing or not numbers.
    AnalysisError
        If there are fewer than three angles, too few frames, or an angle has no usable event.

    Notes
    -----
    What "OSI" means differs: here it is peak against orthogonal, and the vector sum is `selectivity`. A voxel with
    narrow direction tuning is orientation tuned by these measures. The notes on p and bias of DirectionTuning hold.

    References
    ----------
    Ringach et al. 2002, J. Neurosci. 22:5639 (circular variance); Mazurek et al. 2014, Front. Neural Circuits 8:92.
    AllenSDK calls this selectivity `cv_os_dg`.
    """

    family: ClassVar[str] = "Tuning"
    title: ClassVar[str] = "Orientation tuning"
    summary: ClassVar[str] = "Preferred orientation of each voxel, its selectivity, and a test of its tuning"

    column: str = parameter("direction", help="Column of the events with the angle", source="event columns")

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        stimulus = Stimulus(self.column, "angle", self.unit)
        return circular_step(context, self.title, stimulus, self.window, self.kernel, 2, _MAPS)
