"""What a judgement holds, by name."""

from __future__ import annotations

CONTRACT = """The dataset of `judge`.

Dimensions
    ``stage``: "raw", "control", "registered". ``frame``: all frames, excluded ones too (there the values are NaN);
    coordinate ``time`` in s where it is known. ``axis``: "z", "y", "x". ``z, y, x``: the volume, as in other results.
    ``block_z, block_y, block_x``: blocks of the volume, the coordinates are their centres in voxels.
    ``component``: principal components from 0. ``pc_z, pc_y, pc_x``: the (binned) volume of their pictures, in the
    units of z, y, x. ``rule``: rules for outliers.
    ``epoch``: names of conditions, only if any were asked for.

Traces
    ``shift, drift, jitter, speed`` (frame, axis): mean over the blocks, its low-pass, the rest, and the change from
    the frame before; in voxels, and ``shift_um, drift_um, jitter_um, speed_um`` in µm if the voxel size is known.
    ``shift_spread`` (frame, axis): standard deviation over the blocks, voxels.
    ``frame_corr`` (stage, frame): Pearson correlation with the mean of the stage's movie, inside ``region``;
    ``frame_corr_plane`` (stage, frame, z); ``frame_corr_block`` (stage, frame, block_z, block_y, block_x).
    ``dvars`` (stage, frame): root mean square of the difference to the frame before.
    ``outlier`` (frame, rule) bool; ``excluded`` (frame) bool: by the recording.

Maps
    ``mean, tsnr, motion_r2`` (stage, z, y, x), NaN outside ``region``; ``coverage`` (z, y, x): share of the kept
    frames in which a voxel was sampled; ``valid`` (z, y, x) bool: in all of them; ``region`` (z, y, x) bool: valid in
    every stage and inside the mask: where everything is measured.

Numbers by stage
    ``crispness``, ``crispness_correlation`` (of the picture of local correlations), ``tsnr_median``,
    ``motion_r2_median``, ``half_split`` and ``odd_even`` (correlation of the means of both halves, of even and odd
    frames), ``half_residual`` (95th percentile over the blocks, voxels) of ``half_displacement`` (stage, block_z,
    block_y, block_x, axis).

Principal components
    ``pc_shift`` (stage, component): how far the mean of the highest scores lies from that of the lowest, voxels;
    ``pc_displacement`` (stage, component, axis) the same as a vector; ``pc_shift_2d`` in y and x alone;
    ``pc_block_mean``, ``pc_block_max`` over blocks; ``pc_floor`` (stage): the same between random halves;
    ``pc_variance`` (stage, component); the pictures ``pc_low, pc_high`` (stage, component, pc_z, pc_y, pc_x).

Planes and epochs
    ``plane_agreement`` (z): correlation of a plane's own motion with that of the others.
    ``epoch_frames`` (epoch), ``epoch_corr`` (stage, epoch), ``epoch_shift`` (stage, epoch): how far the mean of the
    epoch lies from that of the other frames, voxels; ``epoch_displacement`` (stage, epoch, axis); ``epoch_jitter``,
    ``epoch_speed`` (epoch) voxels; ``epoch_outliers`` (epoch); the coordinate ``epoch_word`` (epoch): good, fair, bad,
    or nothing where too few frames were sampled.

Single numbers
    ``valid_fraction``, ``region_fraction``: shares of the volume, or of the mask if there is one.

Attributes
    ``analysis`` = "registration_quality", ``title``, ``verdict`` (JSON: word, line, reasons), ``outlier_frames`` (list
    of int), ``outlier_reasons`` (JSON: frame → list of reasons), ``voxel_size`` (µm) if known, ``provenance``.
"""
