"""The maps of a regression: what a fit found, under the names that a result gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Answer, Map, Role, Series
from napari_thunder.analysis.regression.cluster_chance import RANK, with_cluster_p
from napari_thunder.analysis.regression.cluster_sizes import Clustering, with_cluster_sizes
from napari_thunder.analysis.regression.contrasts import Contrast
from napari_thunder.analysis.regression.least_squares import Asked
from napari_thunder.analysis.statistics import two_sided_p, upper_p, with_adjusted_p, z_of_t

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]

_REGRESSOR, _CONTRAST, _F_CONTRAST, _GROUP = ("regressor",), ("contrast",), ("f_contrast",), ("group",)
_FAMILY_WISE = "p for the whole brain (largest statistic)"


@dataclass(frozen=True, slots=True)
class Reported:
    """Maps of series.

    Parameters
    ----------
    fit
        Series (t, voxels) → `estimate`, `t`, `r_squared` and, if there are planes, `f` and `explained`; `rho` and
        `cv_r_squared` if they are wanted; `p`, `p_of_f`, `p_fwer`, `p_fwer_of_f` where the fit finds them itself;
        `ordinary_t` where `t` has other errors.
    dof
        Degrees of freedom of t and F.
    dof_left
        Of ordinary least squares.
    n_weights
        Of the lines, how many are weights of regressors; the others are contrasts.
    ranks
        Of the contrasts that are tested by F.
    groups
        Whether the last planes are groups of regressors, and partial R² is wanted.
    z
        Whether z is wanted.
    """

    fit: Callable[[Series], Answer]
    dof: int
    dof_left: int
    n_weights: int
    n_contrasts: int
    ranks: tuple[int, ...]
    groups: bool
    z: bool

    def __call__(self, series: Series) -> Answer:
        """Maps (…, voxels) of series (t, voxels), which are overwritten."""
        found = self.fit(series)
        with np.errstate(all="ignore"):
            maps = self._of_lines(found) | self._of_planes(found) | {"r_squared": found["r_squared"]}
        return maps | {name: found[name] for name in ("rho", "cv_r_squared") if name in found}

    def _of_lines(self, found: Answer) -> Answer:
        estimate, t, n = found["estimate"], found["t"], self.n_weights
        p = found["p"] if "p" in found else two_sided_p(t, self.dof)
        maps = {"beta": estimate[:n], "t": t[:n], "p": p[:n]}
        if self.n_contrasts:
            maps |= {"contrast_beta": estimate[n:], "contrast_t": t[n:], "contrast_p": p[n:]}
        if self.z:
            maps["z"] = z_of_t(t[:n], self.dof)
            maps |= {"contrast_z": z_of_t(t[n:], self.dof)} if self.n_contrasts else {}
        if "p_fwer" in found:
            maps["p_fwer"] = found["p_fwer"][:n]
            maps |= {"contrast_p_fwer": found["p_fwer"][n:]} if self.n_contrasts else {}
        if "above" in found:
            maps["shifts_above"] = found["above"][:n]
            maps |= {"contrast_shifts_above": found["above"][n:]} if self.n_contrasts else {}
        if self.groups:
            squares = found.get("ordinary_t", t)[:n] ** 2
            maps["partial_r_squared"] = squares / (squares + self.dof_left)
        return maps

    def _of_planes(self, found: Answer) -> Answer:
        maps: Answer = {}
        if self.ranks:
            f = found["f"]
            by_f = [upper_p(values, rank, self.dof) for values, rank in zip(f, self.ranks, strict=True)]
            maps |= {"f": f, "f_p": found["p_of_f"] if "p_of_f" in found else np.stack(by_f)}
            maps |= {"f_p_fwer": found["p_fwer_of_f"]} if "p_fwer_of_f" in found else {}
        if self.groups:
            maps["delta_r_squared"] = found["explained"][len(self.ranks) :]
        return maps

    def maps(self, family_wise: bool) -> tuple[Map, ...]:
        """What they mean, but for those that only some fits give."""
        found = _of_estimates("", "weight", _REGRESSOR, self.z, family_wise)
        if self.n_contrasts:
            found += _of_estimates("contrast", "contrast", _CONTRAST, self.z, family_wise)
        if self.ranks:
            found += (
                Map("f", "F of the contrast", Role.VALUE, "1", _F_CONTRAST),
                Map("f_p", "p of the contrast", Role.PROBABILITY, "1", _F_CONTRAST),
            )
            found += (Map("f_p_fwer", _FAMILY_WISE, Role.PROBABILITY, "1", _F_CONTRAST),) if family_wise else ()
        found += (Map("r_squared", "share of variance explained", Role.FRACTION),)
        if self.groups:
            found += (
                Map("partial_r_squared", "partial R²", Role.FRACTION, "1", _REGRESSOR),
                Map("delta_r_squared", "share of variance that only this group explains", Role.FRACTION, "1", _GROUP),
            )
        return found


RHO = Map("rho", "autocorrelation of the residuals, one frame apart", Role.SIGNED)
PREDICTED = Map("cv_r_squared", "share of variance predicted in frames left out", Role.SIGNED)


def _of_estimates(prefix: str, what: str, dims: tuple[str, ...], z: bool, family_wise: bool) -> tuple[Map, ...]:
    before = f"{prefix}_" if prefix else ""
    found: tuple[Map, ...] = (
        Map(f"{before}beta", "contrast of weights" if prefix else "regression weight", Role.SIGNED, "a.u.", dims),
        Map(f"{before}t", f"t of the {what}", Role.SIGNED, "1", dims),
        Map(f"{before}p", f"p of the {what}, two-sided", Role.PROBABILITY, "1", dims),
    )
    found += (Map(f"{before}z", f"z of the {what}", Role.SIGNED, "1", dims),) if z else ()
    found += (Map(f"{before}p_fwer", _FAMILY_WISE, Role.PROBABILITY, "1", dims),) if family_wise else ()
    return found


def asked_of(design: Design, contrasts: tuple[Contrast, ...], unique: bool) -> Asked:
    """What is asked of a design: weights of interest and contrasts; then F of contrasts and, if wanted, groups."""
    each = np.eye(len(design.names))
    lines = [each[: len(each) - design.n_nuisance], *(c.rows for c in contrasts if not c.is_f)]
    planes = [c.rows for c in contrasts if c.is_f]
    groups = np.array(design.groups)
    members = [each[groups == name] for name in dict.fromkeys(design.groups)] if unique else []
    return Asked(np.concatenate(lines), (*planes, *members), len(planes))


def design_curves(design: Design) -> dict[str, Any]:
    """The design as a picture, and its variance inflation factors."""
    shown = {"long_name": "design", "plot": "matrix", "scale": "signed"}
    inflation = {"long_name": "variance inflation factor", "plot": "bars"}
    return {
        "design": (("frame", "column"), design.values, shown),
        "vif": (("column",), design.variance_inflation, inflation),
    }


def finished(dataset: xr.Dataset, facts: dict[str, Any], clustering: Clustering | None) -> xr.Dataset:
    """A result with adjusted p, sizes of clusters, if they are wanted, with their p, and facts as attributes."""
    for name in ("p", "contrast_p", "f_p"):
        dataset = with_adjusted_p(dataset, name) if name in dataset else dataset
    for prefix in ("", "contrast_") if clustering is not None else ():
        if f"{prefix}p" in dataset:
            assert clustering is not None
            dataset = with_cluster_sizes(dataset, f"{prefix}p", f"{prefix}beta", f"{prefix}cluster_size", clustering)
        if f"{prefix}shifts_above" in dataset:
            assert clustering is not None
            dataset = with_cluster_p(dataset, prefix, facts["n_shifts"], clustering)
    return dataset.drop_vars(RANK, errors="ignore").assign_attrs(facts)
