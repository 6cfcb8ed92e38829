/** What recorded actors call as text, made by compile.ts from tape.ts: `npm run kernel`. */

export const tapeBinary = {
  tape:
    "#}*}<}6$###$R+})%}H}H$}H})$}H#})%}H}H#})$}H$}H})##})(}H}H}H}H}H$}H})&}H}H}H#})'}H}H}H}H$}H%}i%3'}0}*}=}.,}=}*}" +
    "9}.Q}<}.}*}=#$'}0}*}=}..}=}*}9}.Q}+}.}0}2}7}<#$'}0}*}=}.,}=}*}9}.Q}/}>}5}5#$'}0}*}=}.,}=}*}9}.Q}5}8}7}0#$'}0}*" +
    "}=}.,}9}8};}=Q}=}>};}7#&'}0}*}=}.-}=}*}9}.Q};}.}<}=}<#$'}0}*}=}.,}=}*}9}.Q}9}*}B}<#''}0}*}=}.,}9}8};}=Q}<}.}7}" +
    "-#('}0}*}=}.,}=}*}9}.Q}9}*}2}-#''}0}*}=}./}9}8};}=Q};}.}:}>}.}<}=#('}0}*}=}.,}9}8};}=Q}5}2}7}4##'}0}*}=}..}9}8" +
    "};}=Q}>}7}5}2}7}4##'}0}*}=}./}9}8};}=Q}6}8}7}2}=}8};##'}0}*}=}.1}9}8};}=Q}-}.}6}8}7}2}=}8};##)}4}.};}7}.}5)}6}" +
    ".}6}8};}B%#$(}0}>}.}<}=)}6}.}6}8};}B%##&65)#&$*$#&''%((####$'($}9$(()3&}H$d#.}H$d#.}H$d#.*}D0(}0}>}.}<}=$#&}<}" +
    "2}=#1'}=}>};}7#8'}<}.}7}-#<*};}.}:}>}.}<}=#='}5}2}7}4#>)}>}7}5}2}7}4#?*}6}8}7}2}=}8};#@,}-}.}6}8}7}2}=}8};#A(}" +
    "+}.}0}2}7#90}7}8}=}.p}.}*}7}@}1}2}5}.#:+}7}8}=}.l}=}.}6#6+}7}8}=}.k}.}*}-#B-~i151#C#G#C$G$C%G%.~l$$*}HC#K%;D(&" +
    "cC$C(j'cC$K%#E%d~/#i'}HC$K%'(C%'}HC$2(C#K%;D)C$C$K%'}3D%C#K%/d}I~/#}:d#jD*C#K%KD+&cC%C+jC%C)j}:'}HC%K%#(d$.h'c" +
    "C*'}H%}HC#K%}EK%KD'd#D&&cC&d~/#k'}HC&C'}3K%#(d#.'cd$C%C&C'}3K%'i0%=C&d+}3D&/$..d#.(d#.h'cC$K%+C%K%+}3D&C$C%C%K" +
    "%'}3E%C$}4}ueC}OZ&#C$C&Y%+/%...C%..D$/$..d#.J#C#C#K%3C#K%OF%Kc$'}4i'}HC#K%c(F%Kc$+.32.W$$}HF%d}IC}3F%Kc$#d$}3l" +
    "'cF%3%.F%Kc$#E$C#]c$#F%C$d$}3Yc$#.}z'$(}HC$K%/D'C$L&3e#uD*C$K%+E(d&}=d~g&}:E+F%d3}3}3D)C#C%d$}4dC};C)Kc$#C(iE%" +
    "'cC)Kc$'C'iD%.d'd#C%>};d+d#C*>};]c$#C#d$}3D#C%'}HC#C+d&}?]c$#C#d$}3(C)C(Yc$#C)C'Yc$'&cC(d}I$r'cC#C(d~n#}:d}I$}" +
    ";]c$#C#d$}3D#C(d*}?D(/$..C#C(]c$#C#d$}3D#&cC'd}I$r'cC#C'd~n#}:d}I$};]c$#C#d$}3D#C'd*}?D'/$..C#C']c$#C#d$}3.D#C" +
    "$K%'E%d$}=d}H}<C%d$}=C%d#k>D%&cC%d}I$r'cC#C%d~n#}:d}I$};]c$#C#d$}3D#C%d*}?D%/$..C#C%]c$#C#d$}3D#C*'cC$K%3E%d$}" +
    "=d}H}<C%d$}=C%d#k>D%&cC%d}I$r'cC#C%d~n#}:d}I$};]c$#C#d$}3D#C%d*}?D%/$..C#C%]c$#C#d$}3D%C$K%7D#&cC#d}I$r'cC%C#d" +
    "~n#}:d}I$};]c$#C%d$}3D%C#d*}?D#/$..C%C#]c$#C%d$}3D#.&cC&d}I$r'cC#C&d~n#}:d}I$};]c$#C#d$}3D#C&d*}?D&/$..C#C&]c$" +
    "#C#d$}3.~n$$'}Hd$C#K%;E&d}I3nC#K%#E'dC}:>'cC#3&2.F%d}IC}3F%Kc$#C&dS}3}3l'cF%3%.F%Kc$#C#C'C&35E'D$C#dC}3D%%cC&d" +
    "~/#n'cC$C%C&~k-$#/$.C$C&d}A}:}3D#&cC#C$j'cC$C%L##Zc$#C$d+}3D$C%d+}3D%/$..C&d'}:'cC$C%K##Yc$#C$d'}3D$C%d'}3D%.C" +
    "&d%}:'cC$C%R##^c$#C$d%}3D$C%d%}3D%.C&d$}:'cC$C%P##]c$#..F%C&C'}3Yc$#.E#C#C$K%#dC}:'}HdK(C$K%;dJ}3d}A}:.C$}332." +
    "~a$$'}HC#F#j'}Hd$(F$C#K%#j.'cC#3#.C#K%/E&d'}:'}Hd$(C#K%Cd'i.'cC#3$.C&d+}:hE$'cC#K%}-d'iD$.C#K%OF%Kc$'j'cC$'}HC" +
    "#C#K%K32(d#.D'C#33D%&cC%'cC%C'id#C$>'cd%34d#D$.C%36C#C%37D%/$..C$'cd%34.F%C#K%OYc$'(C$'cd%34..d$34C#3'D$F%C#K%" +
    ";Yc$+C&d'}:'}Hd$(F%Kc$/.'cC#3(.C$.=#F#K%/d'}:'c3).F%F#K%;Yc$+.b$$}HF#K%OF%Kc$'i'c2.F#33D#&cC#'cd,34C#36F#C#37D" +
    "#/$..F%F#K%OYc$'.}p$$$}HF#K%/d'}:'c3+.C$d$i'cC#d}I$};34(F%d}IC}3F%Kc$#dS}3l'cF%3%.F%Kc$#E%C#d~/#};]c$#C%d$}3D#" +
    "C$d$}=E%d}H}<C%C$d#k>D$&cC$d}I$r'cC#C$d~n#}:d}I$};]c$#C#d$}3D#C$d*}?D$/$..C#C$]c$#F%C#d$}3Yc$#.3:.;#39d#C#C$C%" +
    "C&C'3*E#3;C#.;#39d8C#C$C%C&C'3,E#3;C#.5#39d2C#C$3-E#3;C#.5#39d3C#C$3.E#3;C#.5#39d6C#C$3/E#3;C#.5#39d7C#C$30E#3" +
    ";C#.c$$}HC#K%#d}(}:D$F%d}IC}3F%Kc$#dS}3l'cF%3%.F%Kc$#C#C$C#K%;35D#F%C#Yc$#.",
};
