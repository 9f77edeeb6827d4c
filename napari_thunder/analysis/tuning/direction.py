"""Tuning to the direction of a stimulus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_thunder.analysis.protocol import Context, Map, MapStep, Role
from napari_thunder.analysis.tuning.asked import AngleSettings
from napari_thunder.analysis.tuning.circular import circular_step
from napari_thunder.analysis.tuning.conditions import Stimulus

_MAPS = (
    Map("response", "mean response to each direction", Role.SIGNED, "a.u.", ("direction",)),
    Map("preferred_direction", "preferred direction", Role.DIRECTION, "deg"),
    Map("selectivity", "direction selectivity", Role.FRACTION),
    Map("dsi", "direction index, preferred against opposite", Role.FRACTION),
    Map("f_statistic", "F of the tuning", Role.VALUE),
    Map("p", "p of the tuning", Role.PROBABILITY),
    Map("r_squared", "share of variance explained by the tuning model", Role.FRACTION),
)


@dataclass(frozen=True, slots=True)
class DirectionTuning(AngleSettings):
    """Which direction of a stimulus each voxel prefers, how selectively, and whether it is tuned at all.

    Response per direction: for each event, the mean over [delay, delay + duration) from its start minus the mean over
    `baseline` s before it, as in EventAverage; then the mean over events of the same direction, R(θ).
    Preferred direction: the angle of Σ w R₊ exp(iθ), with R₊ = max(R, 0), rectified after averaging. The weights w are
    the arcs that unevenly spaced directions stand for, and 1 for even ones.
    Selectivity: |Σ w R₊ exp(iθ)| / Σ w R₊, the global direction selectivity index gDSI (1 − circular variance).
    DSI: (R₊(peak) − R₊(peak + 180°)) / (R₊(peak) + R₊(peak + 180°)), the peak being the direction of the largest R.
    Test: least squares over all kept frames on a constant, the stimulus s(t) whatever its direction, and the harmonics
    s cos θ, s sin θ, s cos 2θ, s sin 2θ. F compares the model with and without the harmonics, of which q are
    independent (4 for five directions or more): F = (ΔRSS / q) / (RSS / dof). It needs no repeated trials.

    Parameters
    ----------
    column
        Column of the events with the direction; events without one (blanks) are left out.
    unit
        Of that column: `degrees` or `radians`. Counterclockwise or clockwise, whatever it means there, is kept.
    delay, duration
        Response window in s from the start of each event, for responses and test; without a duration, as long as
        each event.
    baseline
        In s before the start of each event; 0 for none (then F or ΔF/F above 0 must mean a response).
    kernel
        Calcium indicator whose answer s(t) is convolved with, for the test only.

    Returns
    -------
    response : (direction, z, y, x)
        R(θ), in units of the movie (after preprocessing); `direction` in degrees, rising in [0, 360).
    preferred_direction : (z, y, x)
        In degrees [0, 360). NaN where no direction gives a response above 0.
    selectivity : (z, y, x)
        0 (all directions alike) to 1 (only one).
    dsi : (z, y, x)
        0 (the opposite direction is answered as well) to 1 (not at all). NaN where no opposite direction was shown.
    f_statistic, p : (z, y, x)
        Of the harmonics together, with q and dof degrees of freedom.
    p_fdr : (z, y, x)
        p adjusted for all voxels by Benjamini & Hochberg.
    r_squared : (z, y, x)
        1 − RSS / TSS of the whole model, harmonics and s, over all kept frames.
    n_trials : (direction,)
        Events used. Attributes `dof_model` (q), `dof` and `warnings`.
    peak : (z, y, x)
        Number, from 1, of the direction with the largest response, of voxels with p_fdr < 0.05.
    tuning_curve, tuning_curve_sem : (direction, peak_at)
        Mean response and its standard error over the voxels with p_fdr < 0.05 whose largest response is at each
        direction. That they peak there is how they were chosen; look at the flanks and the opposite direction.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    TableError
        If the column is missing or not numbers.
    AnalysisError
        If there are fewer than two directions, too few frames, or a direction has no usable event.

    Notes
    -----
    Frames are counted as independent. Calcium signals and slow drift are not, so p is too small (in a simulated
    zebrafish half of the voxels with p_fdr < 0.05 were not tuned): use it to rank voxels, and detrend first;
    TuningReliability tests over trials. Selectivity and DSI are biased upwards
    where the response is mostly noise: look at them together with p or R². A baseline soon after the event before
    holds some of its answer.

    References
    ----------
    Mazurek et al. 2014, Front. Neural Circuits 8:92 (vector sum); Ringach et al. 2002, J. Neurosci. 22:5639 (circular
    variance). AllenSDK calls this selectivity `cv_ds_dg`.
    """

    family: ClassVar[str] = "Tuning"
    title: ClassVar[str] = "Direction tuning"
    summary: ClassVar[str] = "Preferred direction of each voxel, its selectivity, and a test of its tuning"

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        stimulus = Stimulus(self.column, "direction", self.unit)
        return circular_step(context, self.title, stimulus, self.window, self.kernel, 1, _MAPS)
