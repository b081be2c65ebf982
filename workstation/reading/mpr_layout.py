"""A reconstruction (MPR) of one stack, hung beside it: three planes over what hung there before, which comes back.

Builds the volume in the background out of the pixels that the stack reads, anew while they arrive, and keeps the stack
and the planes at one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from viewers.errors import ViewerError

if TYPE_CHECKING:
    from viewers.image_view import ImageView
    from viewers.radiology.mpr_view import MprView
    from viewers.radiology.stack_pointer import DragMode
    from viewers.radiology.stack_view import StackView
    from viewers.radiology.volume import SeriesPixels
    from workstation.reading.viewport import Viewport

_BUILD_INTERVAL_MS = 250


class MprLayout(QObject):
    """Of *stack*, in up to three of *viewports*. Raises UnsupportedImage where its series is no volume."""

    drag_mode_changed = Signal(str)
    failed = Signal(str)
    """It cannot go on; the sentence says why. Its owner closes it."""
    _arrived = Signal()
    _built = Signal(object, object)

    def __init__(self, stack: StackView, viewports: Sequence[Viewport]) -> None:
        from viewers.radiology.latest_work import LatestWork
        from viewers.radiology.mpr_scene import MprScene, middle_of_image
        from viewers.radiology.mpr_view import MprView
        from viewers.radiology.orthogonal_planes import Orientation
        from viewers.radiology.volume_geometry import volume_geometry

        super().__init__()
        assert stack.series is not None and stack.pixels is not None
        self.stack = stack
        at = middle_of_image(volume_geometry(stack.series), stack.frame_index)
        self.scene = MprScene(stack.series, stack.pixels, at)
        self.scene.voi, self.scene.is_inverted = stack.current_voi(), stack.is_inverted
        self._worker = LatestWork("reconstruction")
        self._is_moving = False
        self._viewports = tuple(viewports)[: len(Orientation)]
        self._pixels: SeriesPixels = stack.pixels
        self._build_soon = QTimer(self)
        self._build_soon.setSingleShot(True)
        self._build_soon.setInterval(_BUILD_INTERVAL_MS)
        self._build_soon.timeout.connect(self._build)
        self._arrived.connect(self._has_arrived, Qt.ConnectionType.QueuedConnection)
        self._built.connect(self._take_built, Qt.ConnectionType.QueuedConnection)
        self.views: tuple[MprView, ...] = tuple(
            MprView(self.scene, orientation, self._worker)
            for orientation, _ in zip(Orientation, self._viewports, strict=False)
        )
        for view, viewport in zip(self.views, self._viewports, strict=True):
            view.expected_frames, view.patient_line = stack.expected_frames, stack.patient_line
            view.alert_lines, view.notice_lines = stack.alert_lines, stack.notice_lines
            view.drag_mode_changed.connect(self.drag_mode_changed)
            viewport.cover(view)
        self._unsubscribe = self.scene.subscribe(self._scene_changed)
        self._end_reading = self._pixels.subscribe(self._say_arrived)
        stack.frame_changed.connect(self._stack_scrolled)
        stack.point_chosen.connect(self.scene.move_to)
        self.show_lines()
        self._build()

    def close(self) -> None:
        """What hung there before is back; the volume and its planes are let go."""
        self._end_reading()
        self._unsubscribe()
        self._build_soon.stop()
        self._worker.close()
        self.blockSignals(True)
        self.stack.frame_changed.disconnect(self._stack_scrolled)
        self.stack.point_chosen.disconnect(self.scene.move_to)
        self.stack.shared.show_lines(())
        for view, viewport in zip(self.views, self._viewports, strict=True):
            view.stop()
            viewport.uncover()
            view.blockSignals(True)
            view.deleteLater()
        self.views = ()
        self.deleteLater()

    def holds(self, view: ImageView) -> bool:
        """Whether *view* is one of the planes."""
        return any(view is own for own in self.views)

    def set_drag_mode(self, mode: DragMode) -> None:
        for view in self.views:
            view.set_drag_mode(mode)

    def follow_stack(self) -> None:
        """The stack may have got more of its series: go on with what it shows now."""
        series, pixels = self.stack.series, self.stack.pixels
        if series is None or pixels is None or pixels is self._pixels:
            return
        self._end_reading()
        self._pixels = pixels
        try:
            self.scene.extend(series, pixels)
        except ViewerError as error:
            self.failed.emit(str(error))
            return
        for view in self.views:
            view.expected_frames, view.notice_lines = self.stack.expected_frames, self.stack.notice_lines
        self._end_reading = pixels.subscribe(self._say_arrived)
        self._build()

    # The volume ----------------------------------------------------------------------------------------------------

    def _say_arrived(self, _index: int) -> None:
        """On a thread that reads."""
        try:
            self._arrived.emit()
        except RuntimeError:
            # Closed between the look and the call.
            return

    def _has_arrived(self) -> None:
        if not self._build_soon.isActive():
            self._build_soon.start()

    def _build(self) -> None:
        scene, pixels = self.scene, self._pixels

        def build() -> None:
            made: Any
            try:
                made = scene.build_volume()
            except ViewerError as error:
                made = error
            except MemoryError:
                made = ViewerError("The planes cannot be cut: this computer's memory is full.")
            try:
                self._built.emit(pixels, made)
            except RuntimeError:
                # Closed meanwhile.
                return

        self._worker.ask("volume", build)

    def _take_built(self, pixels: SeriesPixels, made: Any) -> None:
        if pixels is not self._pixels:
            return
        if isinstance(made, ViewerError):
            self.failed.emit(str(made))
        else:
            self.scene.take_volume(made)

    # Together with the stack ---------------------------------------------------------------------------------------

    def _stack_scrolled(self, index: int) -> None:
        """The planes cross in the image shown, at the place in it where they crossed."""
        from viewers.radiology.volume_geometry import VoxelPoint

        if self._is_moving or self.stack.series is not self.scene.series:
            return
        geometry = self.scene.geometry
        at = geometry.to_voxel(self.scene.point)
        self._is_moving = True
        try:
            self.scene.move_to(geometry.to_patient(VoxelPoint(geometry.places[index], at.j, at.i)))
        finally:
            self._is_moving = False
        self.show_lines()

    def _scene_changed(self) -> None:
        """The stack shows its image nearest to where the planes cross."""
        if self.stack.series is not self.scene.series:
            return
        if not self._is_moving:
            geometry = self.scene.geometry
            k = geometry.to_voxel(self.scene.point).k
            nearest = min(range(geometry.slices), key=lambda index: abs(geometry.places[index] - k))
            self._is_moving = True
            try:
                if nearest != self.stack.frame_index:
                    self.stack.scroll.to(nearest)
            finally:
                self._is_moving = False
        self.show_lines()

    def show_lines(self) -> None:
        """On the stack, where the planes cross its image."""
        from viewers.radiology.mpr_axes import COLOURS
        from viewers.radiology.reference_line import plane_line

        frame = self.stack.current_frame
        if frame is None:
            return
        lines, colours = [], []
        for view in self.views:
            plane = self.scene.plane(view.orientation)
            line = plane_line(plane.geometry, (plane.columns, plane.rows), frame)
            if line is not None:
                lines.append(line)
                colours.append(COLOURS[view.orientation])
        self.stack.shared.show_lines(lines, colours)
