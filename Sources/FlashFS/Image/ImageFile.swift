import Glibc

/// An image file while it is being opened. Closes it, unless a `ImageFileStore` took the descriptor over.
final class ImageFile {
  let path: String
  let descriptor: Int32
  private var isTakenOver = false

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens a file that is there.
  static func open(_ path: String, _ flags: Int32) throws(FlashImageError) -> ImageFile {
    let descriptor = Glibc.open(path, flags | O_CLOEXEC)
    if descriptor >= 0 { return ImageFile(path: path, descriptor: descriptor) }
    throw errno == ENOENT ? .missing(path: path) : .system(action: "open", path: path, errno: errno)
  }

  deinit { if descriptor >= 0 && !isTakenOver { close(descriptor) } }

  func failure(_ action: String, _ code: Int32 = errno) -> FlashImageError {
    .system(action: action, path: path, errno: code)
  }

  func makeStore(sizeBytes: Int) throws(FlashError) -> ImageFileStore {
    let store = try ImageFileStore(descriptor: descriptor, sizeBytes: sizeBytes)
    isTakenOver = true
    return store
  }

  func lock() throws(FlashImageError) {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
    guard errno == EWOULDBLOCK else { throw failure("lock") }
    throw .locked(path: path, pid: lockHolder(of: try status()))
  }

  func sizeBytes() throws(FlashImageError) -> Int {
    let status = try status()
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegularFile(path: path) }
    return status.st_size
  }

  func status() throws(FlashImageError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("read") }
    return status
  }

  // MARK: New images

  /// Makes the file under another name, so that nobody ever sees a half-made image under its own.
  static func withNewFile(
    _ path: String, _ body: (ImageFile) throws(FlashImageError) -> FlashImage
  ) throws(FlashImageError) -> FlashImage {
    let temporary = path + ".creating"
    let descriptor = Glibc.open(temporary, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    let file = ImageFile(path: path, descriptor: descriptor)
    guard descriptor >= 0 else { throw file.failure("create") }
    try file.lock()
    // What an interrupted attempt left.
    guard ftruncate(descriptor, 0) == 0 else { throw file.failure("create") }
    do throws(FlashImageError) {
      let image = try body(file)
      try file.publish(temporary)
      return image
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Gives the finished file its name, unless another process made one meanwhile.
  private func publish(_ temporary: String) throws(FlashImageError) {
    if link(temporary, path) == 0 {
      unlink(temporary)
    } else if errno == EEXIST || rename(temporary, path) != 0 {
      // Some file systems know no links; there, rename has to do.
      throw failure("create")
    }
  }

  /// Fills the empty file with an image whose volume is erased flash.
  func create(volumeBytes: Int, staysPlain: Bool) throws(FlashImageError) -> FlashImage {
    let layout = ImageLayout(volumeBytes: volumeBytes)
    guard volumeBytes >= 64 * 1024, layout.isPossible else {
      throw .impossibleSize(path: path, volumeBytes: volumeBytes)
    }
    if staysPlain { return try createPlain(layout) }
    try grow(to: layout.imageBytes)
    let trailer = ImageTrailer(
      layout: layout, volumeID: .random(in: .min ... .max), createdSeconds: UInt64(time(nil)))
    let store = try writeTail(trailer, eraseVolume: true)
    return FlashImage(
      path: path, store: store, layout: layout, isNew: true, wasAdopted: false, volumeID: trailer.volumeID,
      createdSeconds: trailer.createdSeconds)
  }

  /// With all blocks allocated, so that the host cannot run out of space later.
  func grow(to bytes: Int) throws(FlashImageError) {
    let code = posix_fallocate(descriptor, 0, bytes)
    guard code == 0 else { throw failure("allocate \(bytes) bytes for", code) }
  }

  /// Journal and wear table first, synced; then the trailer, which is the switch.
  private func writeTail(_ trailer: ImageTrailer, eraseVolume: Bool) throws(FlashImageError) -> ImageFileStore {
    let layout = trailer.layout
    do {
      let store = try makeStore(sizeBytes: layout.imageBytes)
      let block = UnsafeMutableRawBufferPointer.allocate(byteCount: FlashGeometry.eraseBytes, alignment: 16)
      defer { block.deallocate() }
      if eraseVolume { try erase(store, layout) }
      try BlockStore.create(on: SimulatedNORFlash(store: store, geometry: layout.flashGeometry), layout: layout)
      let noWear = [UInt32](repeating: 0, count: layout.flashBlocks)
      for generation in UInt64(0)...1 {
        try WearTable.save(
          noWear, WearHistory(sinceSeconds: trailer.createdSeconds), generation: generation, to: store, layout: layout)
      }
      try store.sync()
      trailer.write(to: block)
      try store.write(layout.trailerOffset, UnsafeRawBufferPointer(block))
      try store.sync()
      return store
    } catch {
      throw .flash(path: path, error)
    }
  }

  // MARK: Existing images

  func openExisting(fileBytes: Int, staysPlain: Bool) throws(FlashImageError) -> FlashImage {
    if let trailer = try trailer(fileBytes: fileBytes) { return try open(trailer, fileBytes: fileBytes) }
    let volume = try volume(fileBytes: fileBytes)
    return staysPlain ? try openPlain(volume, fileBytes: fileBytes) : try adopt(volume, fileBytes: fileBytes)
  }

  /// What the file's end says of an image with a journal, which has just the right length then; nil: nothing.
  func trailer(fileBytes: Int) throws(FlashImageError) -> ImageTrailer? {
    guard fileBytes >= FlashGeometry.eraseBytes else { return nil }
    switch try withBytes(fileBytes - FlashGeometry.eraseBytes, FlashGeometry.eraseBytes, ImageTrailer.read) {
    case .none: return nil
    case .damaged(let reason): throw .damagedTrailer(path: path, reason: reason)
    case .trailer(let trailer):
      let needed = trailer.layout.imageBytes
      if fileBytes == needed { return trailer }
      throw fileBytes < needed
        ? .truncated(path: path, neededBytes: needed, fileBytes: fileBytes)
        : .damagedTrailer(path: path, reason: "it describes \(needed) bytes, the file has \(fileBytes)")
    }
  }

  /// The FAT volume at the file's beginning, all of which is there.
  func volume(fileBytes: Int) throws(FlashImageError) -> AdoptableVolume {
    guard fileBytes >= AdoptableVolume.sizeBytes else {
      throw .notAnImage(path: path, reason: "it has \(fileBytes) bytes; give a file that holds a FAT volume")
    }
    switch try withBytes(0, AdoptableVolume.sizeBytes, AdoptableVolume.read) {
    case .other(let reason): throw .notAnImage(path: path, reason: reason)
    case .fat(let volume):
      guard fileBytes >= volume.volumeBytes else {
        throw .truncated(path: path, neededBytes: volume.volumeBytes, fileBytes: fileBytes)
      }
      return volume
    }
  }

  private func open(_ trailer: ImageTrailer, fileBytes: Int) throws(FlashImageError) -> FlashImage {
    let layout = trailer.layout
    // A copy may have become sparse; then the host could run out of space in the middle of a commit.
    if try Int(status().st_blocks) * 512 < fileBytes { try grow(to: fileBytes) }
    do {
      let store = try makeStore(sizeBytes: fileBytes)
      return FlashImage(
        path: path, store: store, layout: layout, isNew: false, wasAdopted: false, volumeID: trailer.volumeID,
        createdSeconds: trailer.createdSeconds)
    } catch {
      throw .flash(path: path, error)
    }
  }

  /// Puts a journal behind a plain volume. The volume's length is what its boot sector says, never the file's: a crash
  /// half-way leaves a longer file that is adopted again.
  private func adopt(_ volume: AdoptableVolume, fileBytes: Int) throws(FlashImageError) -> FlashImage {
    let layout = ImageLayout(volumeBytes: volume.volumeBytes)
    try requireNothingBehind(layout, fileBytes: fileBytes)
    if fileBytes > layout.imageBytes, ftruncate(descriptor, layout.imageBytes) != 0 { throw failure("shorten") }
    try grow(to: layout.imageBytes)
    let trailer = ImageTrailer(layout: layout, volumeID: volume.volumeID, createdSeconds: UInt64(time(nil)))
    let store = try writeTail(trailer, eraseVolume: false)
    return FlashImage(
      path: path, store: store, layout: layout, isNew: false, wasAdopted: true, volumeID: trailer.volumeID,
      createdSeconds: trailer.createdSeconds)
  }

  /// What lies behind a plain volume must be blank, or the tail of an adoption that did not get to its trailer.
  func requireNothingBehind(_ layout: ImageLayout, fileBytes: Int) throws(FlashImageError) {
    var lastAnchor: UInt64 = 0
    for page in 0..<2 * FlashGeometry.pagesPerBlock {
      let offset = layout.volumeBytes + page * FlashGeometry.pageBytes
      guard offset + FlashGeometry.pageBytes <= fileBytes else { break }
      let anchor = try withBytes(offset, FlashGeometry.pageBytes) { AnchorPage($0, layout: layout) }
      lastAnchor = max(lastAnchor, anchor?.sequence ?? 0)
    }
    // An adoption writes anchor 1 and nothing else; later ones come from a journal that was in use.
    if lastAnchor > 1 {
      throw fileBytes < layout.imageBytes
        ? .truncated(path: path, neededBytes: layout.imageBytes, fileBytes: fileBytes)
        : .damagedTrailer(path: path, reason: "it is gone, the journal is there")
    }
    if lastAnchor == 1, fileBytes == layout.imageBytes { return }
    var offset = layout.volumeBytes
    while offset < fileBytes {
      let count = min(1 << 16, fileBytes - offset)
      let isBlank = try withBytes(offset, count) { bytes in bytes.allSatisfy { $0 == 0 || $0 == 0xFF } }
      guard isBlank else {
        throw .notAnImage(
          path: path,
          reason: "other data lies behind its FAT volume of \(layout.volumeBytes) bytes; cut the file to that length")
      }
      offset += count
    }
  }

  /// A copy of a part of the file.
  func readBytes(_ offset: Int, _ count: Int) throws(FlashImageError) -> [UInt8] {
    try withBytes(offset, count) { Array($0) }
  }

  private func withBytes<Result>(
    _ offset: Int, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(FlashImageError) -> Result {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    defer { bytes.deallocate() }
    var done = 0
    while done < count {
      let got = pread(descriptor, bytes.baseAddress! + done, count - done, offset + done)
      if got > 0 {
        done += got
      } else if got == 0 || errno != EINTR {
        throw failure("read", got == 0 ? EIO : errno)
      }
    }
    return body(UnsafeRawBufferPointer(bytes))
  }
}
