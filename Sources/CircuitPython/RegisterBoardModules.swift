import Board
import Runtime

extension Interpreter {
  /// Enters the modules of a board's firmware: those that its definition has, and board, microcontroller and supervisor always.
  /// To be called once, before the first run; the board's pins and buses must be free (`resetForNewVM`).
  package func registerBoardModules(board: SimulatedBoard, services: any BoardServices) {
    let mounts = files.map { MountTree(vm, drive: $0, services: services) }
    files = mounts
    embedderState = BoardState(board: board, services: services, mounts: mounts)
    let definition = board.definition
    if options.dialect == .micropython || !options.strict { register(MachineModule.module(definition)) }
    register(BoardModule.module(definition))
    for module in MicrocontrollerModule.modules(definition) { register(module) }
    register(SupervisorModule.module(definition))
    let optional = [
      RainbowioModule.module, PixelBufModule.module, DigitalioModule.module, BusioModule.module(definition),
      NeopixelWriteModule.module, NVMModule.module, StorageModule.module(definition), SDCardIOModule.module,
    ]
    for module in optional where definition.hasModule(module.name) { register(module) }
    if definition.hasModule("adafruit_bus_device") {
      for module in BusDeviceModules.modules { register(module) }
    }
  }
}
