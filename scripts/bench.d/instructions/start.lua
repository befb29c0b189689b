-- What a program takes that does nothing. Settings: port, a number.
ExitProgram()
