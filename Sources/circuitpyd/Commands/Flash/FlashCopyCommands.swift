import ArgumentParser
import CircuitPython
import FlashFS
import Glibc

struct FlashExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Copy an image's files into a folder, or its FAT volume into a plain image.")
  @OptionGroup var choice: ImageChoice
  @Argument(help: "A new or empty folder.") var folder: String?
  @Option(help: ArgumentHelp("A plain FAT image, journal replayed.", valueName: "file")) var raw: String?

  func validate() throws {
    if (folder == nil) == (raw == nil) { throw ValidationError("Give a folder or --raw FILE.") }
  }

  func run() throws {
    let content = try choice.volumeContent()
    if let raw { return try HostFile.writeWhole(content, to: raw) }
    do {
      let volume = try Volume(storage: MemoryVolumeStorage(content), utcOffsetSeconds: LocalTime.utcOffsetSeconds)
      try FolderExport(volume: volume).copy(.root, [], to: folder ?? ".")
    } catch let error as VolumeMountError {
      throw CommandError("\(choice.image): \(error)")
    }
  }
}

/// Files of a volume into a folder of the host.
struct FolderExport {
  let volume: Volume

  func copy(_ node: NodeID, _ path: [UInt8], to target: String) throws(CommandError) {
    if mkdir(target, 0o777) != 0 {
      // Only the top may be there already, and empty: nothing of the host is written over.
      guard errno == EEXIST, path.isEmpty else { throw failure("make", target) }
      try requireEmpty(target)
    }
    for child in try reading(path, { () throws(VolumeError) in try volume.list(node) }) {
      let name = child.storedName
      let childPath = path + [0x2F] + name
      // A damaged volume can hold names that would lead out of the folder.
      guard !name.isEmpty, !name.contains(0x2F), !name.contains(0), !name.elementsEqual(".".utf8),
        !name.elementsEqual("..".utf8)
      else {
        throw CommandError("\(shown(childPath)): a name that no file can have here; run `circuitpyd flash check`")
      }
      let childTarget = target + "/" + String(decoding: name, as: UTF8.self)
      if child.attributes.isDirectory {
        try copy(child.attributes.node, childPath, to: childTarget)
      } else {
        let bytes = try reading(childPath) { () throws(VolumeError) in try volume.readFile(childPath) }
        guard HostFile.write(bytes, to: childTarget) else { throw failure("write", childTarget) }
      }
      let modified = timespec(tv_sec: Int(child.attributes.modifiedSeconds), tv_nsec: 0)
      utimensat(AT_FDCWD, childTarget, [modified, modified], 0)
    }
  }

  private func requireEmpty(_ folder: String) throws(CommandError) {
    guard let names = HostTree.names(in: folder) else { throw failure("read", folder) }
    if !names.isEmpty { throw CommandError("\(folder) is not empty; give a new folder") }
  }

  private func shown(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

  private func failure(_ action: String, _ path: String) -> CommandError {
    CommandError("cannot \(action) \(path): \(String(cString: strerror(errno)))")
  }

  private func reading<Result>(
    _ path: [UInt8], _ body: () throws(VolumeError) -> Result
  ) throws(CommandError) -> Result {
    do throws(VolumeError) { return try body() } catch {
      let reason = String(cString: strerror(error.errno))
      throw CommandError("cannot read \(shown(path)) on the drive: \(reason); run `circuitpyd flash check`")
    }
  }
}

struct FlashImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Copy a folder's files into an image; a missing image is made.")
  @Argument(help: "The folder.") var folder: String
  @Argument(help: "The image.") var image: String
  @Option(help: ArgumentHelp("Size of a new drive, with K or M.", valueName: "size")) var size: ByteCount?

  func run() throws {
    let entries = try HostTree.read(folder)
    if access(image, F_OK) == 0 {
      if size != nil { throw CommandError("\(image) is there already and keeps its size; leave --size out") }
      let choice = try ImageChoice.parse([image])
      // Tried on a copy first: the image is changed only when everything fits.
      let trial = MemoryVolumeStorage(try choice.volumeContent())
      try fill(trial, with: entries)
      try WritableImage.use(image) { storage in try fill(storage, with: entries) }
      return
    }
    guard let size else { throw CommandError("no image at \(image); give --size to make one") }
    guard size.bytes >= 65536, size.bytes <= ImageSnapshot.maximumBytes else {
      throw CommandError("--size: give 64K to 1024M")
    }
    let storage = MemoryVolumeStorage([UInt8](repeating: 0xFF, count: size.bytes / 4096 * 4096))
    do {
      try Volume.format(
        storage, volumeID: .random(in: 1 ... .max), now: LocalTime.now,
        labelsBootSector: true)
    } catch {
      throw CommandError("cannot format \(image): \(error)")
    }
    try fill(storage, with: entries)
    try HostFile.writeWhole(storage.bytes, to: image)
  }

  /// Every name that cannot be is told before anything fails.
  private func fill(_ storage: any VolumeStorage, with entries: [HostTree.Entry]) throws {
    // While it is filled, only the volume uses it.
    nonisolated(unsafe) let shared = storage
    let volume: Volume
    do { volume = try Volume(storage: shared, utcOffsetSeconds: LocalTime.utcOffsetSeconds) } catch {
      throw CommandError("\(image): \(error)")
    }
    var refused: [String] = []
    for entry in entries {
      do throws(VolumeError) { try put(entry, on: volume) } catch {
        let path = String(decoding: entry.path, as: UTF8.self)
        if error.errno == ENOSPC { throw CommandError("\(image): no room for \(path); give a larger --size") }
        refused.append("\(path): the drive refuses it: \(String(cString: strerror(error.errno)))")
      }
    }
    guard let first = refused.first else { return }
    for line in refused.dropFirst() { HostFile.writeError("circuitpyd: \(line)") }
    throw CommandError(first)
  }

  private func put(_ entry: HostTree.Entry, on volume: Volume) throws(VolumeError) {
    let slash = entry.path.lastIndex(of: 0x2F) ?? 0
    let parent = try volume.resolve(Array(entry.path[..<slash]), origin: .tool)
    if let content = entry.content {
      try volume.writeFile(entry.path, content)
    } else {
      do throws(VolumeError) {
        _ = try volume.makeDirectory(parent.attributes.node, Array(entry.path[(slash + 1)...]), origin: .tool)
      } catch {
        guard error.errno == EEXIST, try volume.resolve(entry.path, origin: .tool).attributes.isDirectory else {
          throw error
        }
      }
    }
    let made = try volume.resolve(entry.path, origin: .tool)
    _ = try volume.setAttributes(made.attributes.node, modifiedSeconds: entry.modifiedSeconds, origin: .tool)
  }
}
