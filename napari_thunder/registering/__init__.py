"""Registering a recording: how far each of its frames moved, on any engine."""

from napari_thunder.registering.dataset import shifts_of
from napari_thunder.registering.run import RegistrationProgress, register, stream_registration

__all__ = ["RegistrationProgress", "register", "shifts_of", "stream_registration"]
