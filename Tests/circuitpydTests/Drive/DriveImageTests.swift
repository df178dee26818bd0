import FlashFS
import Glibc
import Testing

@testable import circuitpyd

/// A drive on an image file, with its journal.
@Suite(.serialized) struct DriveImageTests {
  private func mount(_ volume: Volume, _ events: VolumeEvents, _ folder: String) throws -> Drive {
    let drive = try Drive(
      volume: volume, events: events, mountPoint: .prepare(folder), policy: .prompt,
      settings: FuseServer.Settings(imageName: "image"), callbacks: Drive.Callbacks(onReload: { _ in }))
    try drive.start()
    return drive
  }

  /// What other programs find at the start of the file: nothing of a save at first, all of it once the drive was idle.
  @Test func anIdleDriveHasItsImageUpToDate() throws {
    let folder = try DriveFixture.makeFolder()
    let path = folder + ".img"
    let image = try FlashImage.open(path: path, createVolumeBytes: 1 << 20)
    let store = try image.openBlockStore(on: image.makeFlash())
    try Volume.format(store, volumeID: 1, now: 1_700_000_000)
    let events = VolumeEvents()
    let volume = try Volume(storage: store, onEvent: events.send)
    let drive = try mount(volume, events, folder)
    let text = "print('saved')\n"
    let read = "mcopy -n -i '\(path)' ::code.py -"
    #expect(Shell.run("cd '\(folder)' && printf \"\(text)\" > code.py").status == 0)
    let limit = SystemClock.monotonicNanoseconds + 5_000_000_000
    var isDirty = true
    repeat {
      usleep(50_000)
      isDirty = try volume.withStorage { storage throws(FlashError) in (storage as? BlockStore)?.isDirty ?? true }
    } while isDirty && SystemClock.monotonicNanoseconds < limit
    #expect(!isDirty)
    #expect(Shell.run(read).output == text)

    // Far more than the journal holds, while somebody reads.
    let fill = "for i in $(seq 8); do head -c 60000 /dev/urandom > r; cp r s; cmp r s || exit 1; done"
    #expect(Shell.run("cd '\(folder)' && \(fill)").output == "")
    drive.stop()
    try volume.withStorage { storage throws(FlashError) in try (storage as? BlockStore)?.close() }
    image.close()

    let again = try FlashImage.open(path: path)
    let reopened = try again.openBlockStore(on: again.makeFlash())
    #expect(reopened.recovery.wasClean)
    #expect(Shell.run(read).output == text)
    again.close()
    unlink(path)
    rmdir(folder)
  }
}
