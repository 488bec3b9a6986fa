"""What customers say in Spanish."""

from __future__ import annotations

from controlplane.demo.phrases import Phrases

SPANISH = Phrases(
    good={
        "delivery": (
            "el paquete llegó {}rápido",
            "la entrega fue {}rápida y la caja venía entera",
            "el repartidor fue {}puntual",
            "mi pedido no llegó ni un día tarde",
            "nunca tuve que esperar el paquete",
        ),
        "price": (
            "el precio es {}justo",
            "la relación calidad-precio es {}buena",
            "ahorré mucho con el descuento",
            "no se encuentra más barato en ningún sitio",
            "no es caro para lo que ofrece",
        ),
        "quality": (
            "la calidad es {}buena",
            "el material es {}sólido",
            "funciona {}bien y es bonito",
            "no se ha roto nada, ni después de semanas",
            "no hay nada que objetar al acabado",
        ),
        "staff": (
            "el personal fue {}amable",
            "la señora de la caja fue {}servicial",
            "la atención al cliente respondió {}rápido",
            "nadie fue impaciente conmigo",
            "el asesor se tomó su tiempo y conocía los productos",
        ),
        "app": (
            "la aplicación es {}fácil de usar",
            "pedir en la web fue {}sencillo",
            "la aplicación carga {}rápido",
            "la aplicación no se cerró ni una vez",
            "nunca me costó orientarme en la web",
        ),
        "returns": (
            "la devolución fue {}fácil",
            "el reembolso llegó {}pronto",
            "el cambio fue {}sencillo",
            "devolverlo no fue ningún problema",
            "no tuve que esperar mi dinero",
        ),
        "selection": (
            "la oferta es {}amplia",
            "encontré todo lo que buscaba",
            "la nueva gama es {}atractiva",
            "por una vez mi talla no estaba agotada",
            "los estantes estaban {}bien surtidos",
        ),
        "payment": (
            "pagar fue {}fácil",
            "el pago fue {}ágil",
            "la factura era correcta y clara",
            "no había gastos ocultos",
            "el pago se hizo sin ninguna dificultad",
        ),
    },
    bad={
        "delivery": (
            "el paquete llegó {}tarde",
            "la entrega fue {}lenta",
            "la caja venía {}dañada",
            "mi pedido no llegó a tiempo",
            "nadie supo decirme dónde estaba el paquete",
        ),
        "price": (
            "el precio es {}alto",
            "es {}caro",
            "encontré lo mismo más barato en otro sitio",
            "no vale lo que cuesta",
            "no me aplicaron el descuento",
        ),
        "quality": (
            "la calidad es {}mala",
            "se rompió {}pronto",
            "la costura se abrió a los dos días",
            "no funciona como dicen",
            "el material no es nada bueno",
        ),
        "staff": (
            "el personal fue {}grosero",
            "el señor de la caja fue {}antipático",
            "la atención al cliente fue {}inútil",
            "nadie respondió a mi pregunta",
            "el asesor no fue amable",
        ),
        "app": (
            "la aplicación es {}lenta",
            "la web es {}confusa",
            "la aplicación se cierra a cada rato",
            "la búsqueda no funciona bien",
            "no pude entrar en mi cuenta durante días",
        ),
        "returns": (
            "la devolución fue {}complicada",
            "el reembolso fue {}lento",
            "sigo esperando mi dinero",
            "no aceptaron mi devolución",
            "el cambio nunca se hizo",
        ),
        "selection": (
            "la oferta es {}escasa",
            "la mitad estaba agotada otra vez",
            "los estantes estaban {}vacíos",
            "no encontré lo que necesitaba",
            "mi talla no estaba disponible",
        ),
        "payment": (
            "pagar fue {}difícil",
            "me cobraron dos veces",
            "la factura estaba mal",
            "no aceptaron mi tarjeta",
            "el pago no funcionaba",
        ),
    },
    plain={
        "delivery": ("el paquete llegó el martes", "recogí el paquete en la tienda"),
        "price": ("el precio es el del año pasado", "pagué el precio indicado"),
        "quality": ("el color es el de la foto", "pesa más o menos lo que esperaba"),
        "staff": ("hablé con alguien en el mostrador", "un empleado tomó el pedido"),
        "app": ("pedí con la aplicación", "uso la web de vez en cuando"),
        "returns": ("devolví uno de dos artículos", "la devolución está en camino"),
        "selection": ("compré el azul", "lo tienen en tres tallas"),
        "payment": ("pagué con tarjeta", "la factura llegó por correo"),
    },
    good_openers=(
        "estoy {}contento con este pedido",
        "en general una experiencia {}agradable",
        "solo puedo recomendar esta tienda",
        "ninguna queja",
    ),
    bad_openers=(
        "estoy {}decepcionado",
        "en general una experiencia {}frustrante",
        "no puedo recomendar esta tienda",
        "no estoy nada satisfecho",
    ),
    plain_openers=(
        "estuvo bien, nada especial",
        "ni bueno ni malo",
        "un pedido normal",
        "lo que esperaba, ni más ni menos",
    ),
    good_closers=("volveré a pedir", "muchas gracias", "hasta la próxima"),
    bad_closers=("no volveré a pedir", "nunca más", "esto tiene que mejorar"),
    degrees=(
        ("", 1.0), ("muy ", 1.25), ("realmente ", 1.2), ("sumamente ", 1.4), ("bastante ", 0.8),
    ),
    but=("pero", "en cambio,"),
)  # fmt: skip
