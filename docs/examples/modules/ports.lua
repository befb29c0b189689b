-- Where the simulators of this folder listen. Ports below 1024 belong to the system, so some are not the devices' own.
return {
    Projector = {TCP = 4352, UDP = 4352},
    Switcher = {TCP = 2023},
    Display = {TCP = 1515},
    Camera = {TCP = 5678, UDP = 52381},
    Audio = {TCP = 2024},
}
