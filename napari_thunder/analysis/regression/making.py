"""The last step of a regression, made of its fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Context, MapStep
from napari_thunder.analysis.regression.circular_shift import CircularShift
from napari_thunder.analysis.regression.cluster_chance import RANK, above_map
from napari_thunder.analysis.regression.cluster_sizes import Clustering
from napari_thunder.analysis.regression.contrasts import Contrast
from napari_thunder.analysis.regression.inference import AR1, CIRCULAR_SHIFT, Fit
from napari_thunder.analysis.regression.penalised import CrossValidated, Penalised
from napari_thunder.analysis.regression.reported import PREDICTED, RHO, Reported, design_curves, finished
from napari_thunder.analysis.regression.robust import Robust

if TYPE_CHECKING:
    from napari_thunder.analysis.regression.ordinary import Regression


@dataclass(frozen=True, slots=True)
class Making:
    """What makes the last step of a regression, once there is a fit.

    Parameters
    ----------
    facts
        Attributes of the result.
    judge
        Of frames left out; None if that is not wanted.
    """

    analysis: Regression
    design: Design
    contrasts: tuple[Contrast, ...]
    facts: dict[str, Any]
    judge: Penalised | None
    context: Context

    def step(self, fit: Fit) -> MapStep:
        """The maps of a fit."""
        asked, design = self.analysis, self.design
        n_wanted = len(design.names) - design.n_nuisance
        by_t, by_f = ([c for c in self.contrasts if c.is_f == f] for f in (False, True))
        ranks = tuple(len(c.rows) for c in by_f)
        dof = fit.dof if isinstance(fit, Robust) else design.dof
        judged = fit if self.judge is None else CrossValidated(fit, self.judge)
        reported = Reported(judged, dof, design.dof, n_wanted, len(by_t), ranks, asked.unique, asked.z)
        maps = reported.maps(asked.inference == CIRCULAR_SHIFT and asked.family_wise)
        maps += (RHO,) if asked.inference == AR1 else ()
        maps += (PREDICTED,) if asked.cross_validate else ()
        n_above = fit.n_above if isinstance(fit, CircularShift) else 0
        if n_above:
            maps += (above_map("", "regressor"),)
            maps += (above_map("contrast_", "contrast"),) if by_t else ()
        coords: dict[str, Any] = {RANK: list(range(1, n_above + 1))} if n_above else {}
        coords |= {"regressor": list(design.names[:n_wanted]), "column": list(design.names)}
        coords |= {"contrast": [c.name for c in by_t]} if by_t else {}
        coords |= {"f_contrast": [c.name for c in by_f]} if by_f else {}
        coords |= {"group": list(dict.fromkeys(design.groups))} if asked.unique else {}
        finish = partial(finished, facts=self.facts | {"dof": dof}, clustering=self._clustering())
        return MapStep(maps, reported, coords, design_curves(design), finish)

    def _clustering(self) -> Clustering | None:
        asked = self.analysis
        if asked.cluster_p is None:
            return None
        size = self.context.need_voxel_size(f"{asked.title} with clusters")
        return Clustering(asked.cluster_p, asked.cluster_reach, asked.cluster_size, size)
