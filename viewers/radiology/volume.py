"""The pixels of a series in memory, filled in the background: the visible image first, then its neighbours outward.

Decoding one frame is `decode`; painting is `stack_view`. No Qt: who waits is told by call-back, from worker threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.errors import OutOfRange, ViewerError
from viewers.radiology.decode import read_frame
from viewers.radiology.frame import Series
from viewers.radiology.stored_values import frame_shape, stored_dtype

_MOST_PREALLOCATED_BYTES = 6 << 30


class SeriesPixels:
    """Stored values of every frame of one series, read once. All methods may be called from any thread.

    Frames of one shape and type live in one array of (frames, rows, columns[, 3]). A frame that cannot be decoded is
    remembered with its sentence; `read_frame` raises it again.
    """

    def __init__(self, series: Series, known: SeriesPixels | None = None) -> None:
        """*known*: pixels of the same series when fewer of its images were here; what it has is not read again."""
        self.series = series
        self._listeners: list[Callable[[int], None]] = []
        self._volume: NDArray[Any] | None = None
        self._frames: list[NDArray[Any] | None] = [None] * len(series.frames)
        self._errors: dict[int, ViewerError] = {}
        self._claimed: set[int] = set()
        self._order = _outward(0, len(series.frames))
        self._stopping = False
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._loaded = 0
        if known is not None:
            self._take_over(known)

    def _take_over(self, known: SeriesPixels) -> None:
        places = {(f.sop_instance_uid, f.frame_number): index for index, f in enumerate(known.series.frames)}
        for index, frame in enumerate(self.series.frames):
            values = known.find_frame(places.get((frame.sop_instance_uid, frame.frame_number), -1))
            if values is not None:
                self._frames[index] = values
                self._claimed.add(index)
                self._loaded += 1

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def loaded_count(self) -> int:
        """Frames that are in memory."""
        return self._loaded

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to read (unreadable frames count as done)."""
        return self._loaded + len(self._errors) == len(self._frames)

    @property
    def is_reading(self) -> bool:
        """Whether background reading was begun and has frames left."""
        return bool(self._threads) and not self._stopping and not self.is_complete

    @property
    def unreadable_count(self) -> int:
        """Frames that could not be read and never will be."""
        return len(self._errors)

    @property
    def errors(self) -> dict[int, str]:
        """The sentence of every frame that could not be read, by index."""
        with self._changed:
            return {index: str(error) for index, error in self._errors.items()}

    def is_loaded(self, index: int) -> bool:
        return 0 <= index < len(self._frames) and self._frames[index] is not None

    def find_frame(self, index: int) -> NDArray[Any] | None:
        """The frame's stored values if they are here; never waits."""
        return self._frames[index] if 0 <= index < len(self._frames) else None

    def stack(self) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """(frames, rows, columns) of stored values, and which frames are in it; the others hold anything.

        The memory that the frames are read into, where all share it: a frame that arrives later is there too. For a
        series of one shape and type.
        """
        with self._changed:
            present = np.array([values is not None for values in self._frames])
            volume = self._volume
            held = [values for values in self._frames if values is not None]
            if volume is not None and all(np.may_share_memory(values, volume) for values in held):
                return volume, present
            layout = self.series.frames[0].layout
            copied = np.zeros((len(self._frames), *frame_shape(layout)), stored_dtype(layout))
            for index, values in enumerate(self._frames):
                if values is not None:
                    copied[index] = values
            return copied, present

    def find_error(self, index: int) -> str:
        """Why a frame cannot be shown; empty where nothing is wrong with it."""
        error = self._errors.get(index)
        return str(error) if error is not None else ""

    def subscribe(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Call *listener*, from a worker thread, with the index of every frame that arrives or proves unreadable.

        Returns what ends it.
        """
        with self._changed:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._changed:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def start(self, first_index: int = 0, threads: int = 2) -> None:
        """Begin reading in the background, from *first_index* outward. A second call only moves the centre."""
        with self._changed:
            self._order = _outward(first_index, len(self._frames))
            if self._threads or self._stopping:
                return
            for number in range(max(1, min(threads, len(self._frames)))):
                thread = threading.Thread(target=self._work, name=f"series-pixels-{number}", daemon=True)
                self._threads.append(thread)
        for thread in self._threads:
            thread.start()

    def centre_on(self, index: int) -> None:
        """What is looked at now: its frame and its neighbours are read next."""
        with self._changed:
            if len(self._claimed) < len(self._frames):
                self._order = _outward(index, len(self._frames))

    def read_frame(self, index: int) -> NDArray[Any]:
        """Stored values of one frame, (rows, columns) or (rows, columns, 3) RGB; decoded now if not here yet.

        Raises OutOfRange, or the ViewerError that its file earned.
        """
        if not 0 <= index < len(self._frames):
            raise OutOfRange(f"Image {index + 1} does not exist: the series has {len(self._frames)}.")
        with self._changed:
            mine = index not in self._claimed
            self._claimed.add(index)
        if mine:
            self._load(index)
        with self._changed:
            while self._frames[index] is None and index not in self._errors:
                self._changed.wait()
            if index in self._errors:
                raise self._errors[index]
            found = self._frames[index]
        assert found is not None
        return found

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is read; False on timeout or when reading was stopped."""
        with self._changed:
            return self._changed.wait_for(lambda: self.is_complete or self._stopping, timeout_s) and self.is_complete

    def stop(self, *, wait: bool = True) -> None:
        """End background reading: each thread finishes its frame. With *wait*, return when the threads are gone."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            threads = list(self._threads)
        for thread in threads if wait else ():
            if thread is not threading.current_thread() and thread.ident is not None:
                thread.join()

    def _work(self) -> None:
        while not self._stopping:
            index = self._claim_next()
            if index is None:
                return
            self._load(index)

    def _claim_next(self) -> int | None:
        with self._changed:
            for index in self._order:
                if index not in self._claimed:
                    self._claimed.add(index)
                    return index
        return None

    def _load(self, index: int) -> None:
        frame = self.series.frames[index]
        error: ViewerError | None = None
        values: NDArray[Any] | None = None
        try:
            values = read_frame(frame, self._place(index))
        except ViewerError as problem:
            error = problem
        except MemoryError:
            error = ViewerError(f"{frame.source.name} cannot be shown: this computer's memory is full.")
        with self._changed:
            if error is not None:
                self._errors[index] = error
            else:
                self._frames[index] = values
                self._loaded += 1
            self._changed.notify_all()
            told = list(self._listeners)
        for listener in told:
            listener(index)

    def _place(self, index: int) -> NDArray[Any] | None:
        """The frame's slot in the shared volume, or None where it does not fit there."""
        layout = self.series.frames[index].layout
        first = self.series.frames[0].layout
        shape, dtype = frame_shape(first), stored_dtype(first)
        alike = layout is first or (frame_shape(layout) == shape and stored_dtype(layout) == dtype)
        if not alike or len(self._frames) == 1:
            return None
        with self._changed:
            if self._volume is None:
                if int(np.prod(shape)) * dtype.itemsize * len(self._frames) > _MOST_PREALLOCATED_BYTES:
                    return None
                self._volume = np.empty((len(self._frames), *shape), dtype)
            slot: NDArray[Any] = self._volume[index]
        return slot


def _outward(centre: int, count: int) -> Iterator[int]:
    """Indices by their distance from *centre*, forward first."""
    if not count:
        return
    centre = min(max(centre, 0), count - 1)
    yield centre
    for step in range(1, count):
        if centre + step < count:
            yield centre + step
        if centre - step >= 0:
            yield centre - step
